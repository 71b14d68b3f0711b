// SPDX-License-Identifier: MIT
#pragma once

/// What a response's header says. Boost.Beast's parser knows the grammar.

#include <bight/http.hpp>

#include "base/names.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace bight::http {

/// A header that has been understood.
struct parsed_header {
  response_head head;
  bool has_body = false;
  bool chunked = false;
  std::optional<std::uint64_t> length;
  bool keep = false;  ///< the connection, once the body has been read
};

/// Reads the lines of a header, its empty line included.
///
/// to_head  whether the request was HEAD or CONNECT: then there is no body.
/// errors   malformed.
[[nodiscard]] parsed_header parse_header(std::string lines, bool to_head);

}  // namespace bight::http
