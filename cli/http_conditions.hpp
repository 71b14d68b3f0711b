// SPDX-License-Identifier: MIT
#pragma once

/// Requests that are meant for one version of a file: RFC 9110 §13.

#include "folder.hpp"
#include "http_request.hpp"

#include <cstdint>

namespace tool {

enum class condition : std::uint8_t {
  holds,         ///< answer the request
  not_modified,  ///< the client has this version: 304
  failed,        ///< it wants another version: 412
};

/// What If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since of a GET or HEAD say of
/// `file`, in the order of §13.2.2.
[[nodiscard]] condition conditions_of(const asked& what, const entry& file);

/// Whether If-Range lets a range be sent: it names this version of `file`, or is not there.
[[nodiscard]] bool range_fits(const asked& what, const entry& file);

}  // namespace tool
