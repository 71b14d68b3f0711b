// SPDX-License-Identifier: MIT
#pragma once

/// Parses the headers of requests and responses with Boost.Beast.

#include <bight/http.hpp>
#include <bight/http_server.hpp>

#include "base/names.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bight::http {

/// A valid header of a response.
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

/// A valid header of a request. The views point into the parsed lines.
struct request_header {
  std::string_view method;
  std::string_view target;
  int version = 11;
  std::vector<field_view> fields;
  bool chunked = false;
  std::uint64_t length = 0;       ///< of the body, unless it is chunked
  bool keep_alive = false;        ///< the client wants to keep the connection
  bool expects_continue = false;  ///< the client waits for 100 before it sends the body

  [[nodiscard]] bool has_body() const noexcept { return chunked || length > 0; }
};

/// Parses the lines of a header, including the empty line at its end. Bytes of the target that
/// browsers send and RFC 3986 does not allow are percent-encoded in `lines`.
///
/// errors  malformed, also for what RFC 9112 §3.2 requires of Host and §6.3 of the body's length.
[[nodiscard]] request_header parse_request(std::string& lines);

}  // namespace bight::http
