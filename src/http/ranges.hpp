// SPDX-License-Identifier: MIT
#pragma once

/// Ranges and conditions of requests for files: RFC 9110 §13 and §14.

#include <bight/http_server.hpp>

#include "base/names.hpp"

#include <cstdint>
#include <string_view>

namespace bight::http {

/// The bytes from `first` up to, but not including, `last`.
struct byte_span {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};
enum class range_kind : std::uint8_t { whole, part, outside };
/// Parses the Range field of a request for a file of `size` bytes. Anything but one range of bytes
/// means the whole file, which RFC 9110 §14.2 allows.
[[nodiscard]] range_kind parse_range(std::string_view text, std::uint64_t size, byte_span& into);

enum class condition : std::uint8_t {
  holds,         ///< answer the request
  not_modified,  ///< the client has this version: 304
  failed,        ///< the client wants another version: 412
};
/// Evaluates If-Match, If-Unmodified-Since, If-None-Match and If-Modified-Since of a GET or HEAD,
/// in the order of §13.2.2.
[[nodiscard]] condition evaluate_conditions(const exchange& x, const file_version& file);
/// Whether a range may be sent: If-Range names this version of the file, or is absent.
[[nodiscard]] bool if_range_matches(const exchange& x, const file_version& file);

}  // namespace bight::http
