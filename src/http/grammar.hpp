// SPDX-License-Identifier: MIT
#pragma once

/// Parses the header of a response with Boost.Beast.

#include <bight/http.hpp>

#include "base/names.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace bight::http {

/// A valid header.
struct parsed_header {
  response_head head;
  bool has_body = false;
  bool chunked = false;
  std::optional<std::uint64_t> length;
  bool keep_alive = false;  ///< the connection can be used again after the body
};

/// Parses the lines of a header, including the empty line at its end.
///
/// to_head  whether the request was HEAD or CONNECT; the response then has no body.
/// errors   malformed.
[[nodiscard]] parsed_header parse_header(std::string lines, bool to_head);

}  // namespace bight::http
