// SPDX-License-Identifier: MIT
#pragma once

/// The header of an answer.

#include <bight/http_server.hpp>

#include "base/names.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bight::http {

/// The reason phrase of a status; "" if it is not a known one.
[[nodiscard]] std::string_view reason_of(int status) noexcept;

/// Whether answers with this status have no body, whatever the method (RFC 9110 §15).
[[nodiscard]] constexpr bool has_no_body(int status) noexcept {
  return status == 204 || status == 205 || status == 304;
}

/// How the body of an answer is delimited.
enum class framing_of_answer : std::uint8_t { none, length, chunked, close };

/// What the lines of a header are made of.
struct answer_head {
  int status = 200;
  framing_of_answer framing = framing_of_answer::none;
  std::uint64_t length = 0;
  bool keep = false;        ///< the connection is kept
  std::string_view server;  ///< value of Server; empty: none
  std::string_view type;    ///< Content-Type, unless `fields` has one; empty: none
  const std::vector<field>& fields;
  const std::vector<field>& defaults;  ///< sent unless they are among `fields`
};

/// Returns the header of an answer, with its empty line.
[[nodiscard]] std::string head_text(const answer_head& h);

}  // namespace bight::http
