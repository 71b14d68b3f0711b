// SPDX-License-Identifier: MIT
#pragma once

/// A request to `bight serve files`, parsed by Boost.Beast.

#include <bight/http.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tool {

struct http_request {
  std::string method;
  std::string target;
  std::vector<bight::http::field> fields;
  bool keep = false;  ///< keep the connection open for another request

  [[nodiscard]] bool has(std::string_view name) const noexcept;
  /// The value of the field of that name; several lines are joined by commas (RFC 9110 §5.3). ""
  /// if there is none.
  [[nodiscard]] std::string get(std::string_view name) const;
};

/// Parses a header, whose lines end with CRLF, including its empty line. Returns none for a request
/// that cannot be answered: not HTTP/1.0 or 1.1, not exactly one Host in 1.1, folded lines, or an
/// ambiguous length of the body. The connection is not kept if a body follows.
[[nodiscard]] std::optional<http_request> parse_request(std::string_view header);

/// The path of `target` relative to the served folder: "a/b" for "/a/./b?c", "" for "/". "%"
/// without two hexadecimal digits is literal. None if it is not a path, or has an encoded "/" or
/// NUL.
[[nodiscard]] std::optional<std::string> request_path(std::string_view target);

/// The bytes from `first` up to, but not including, `last`.
struct byte_range {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};
enum class range_kind : std::uint8_t { whole, part, outside };
/// Parses the Range field of a request for a file of `size` bytes. Anything but one range of bytes
/// means the whole file, which RFC 9110 §14.2 allows.
[[nodiscard]] range_kind parse_range(std::string_view text, std::uint64_t size, byte_range& into);

}  // namespace tool
