// SPDX-License-Identifier: MIT
#pragma once

/// Conditional requests: RFC 9110 §13.

#include "folder.hpp"
#include "http_request.hpp"

#include <cstdint>

namespace tool {

enum class condition : std::uint8_t {
  holds,         ///< answer the request
  not_modified,  ///< the client has this version: 304
  failed,        ///< the client wants another version: 412
};

/// Evaluates If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since of a GET or HEAD,
/// in the order of §13.2.2.
[[nodiscard]] condition evaluate_conditions(const http_request& request, const entry& file);

/// Whether a range may be sent: If-Range names this version of `file`, or is absent.
[[nodiscard]] bool if_range_matches(const http_request& request, const entry& file);

}  // namespace tool
