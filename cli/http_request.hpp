// SPDX-License-Identifier: MIT
#pragma once

/// A request to `bight serve files`. Boost.Beast's parser has the grammar.

#include <bight/http.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tool {

struct asked {
  std::string method;
  std::string target;
  std::vector<bight::http::field> fields;
  bool keep = false;  ///< the connection, for another request

  [[nodiscard]] bool has(std::string_view name) const noexcept;
  /// The value of the field of that name; of several lines, joined by commas (RFC 9110 §5.3); ""
  /// when there is none.
  [[nodiscard]] std::string get(std::string_view name) const;
};

/// Reads a header, whose lines end with CRLF, with its empty line. None when it is no request that
/// can be answered: not HTTP/1.0 or 1.1, not exactly one Host in 1.1, folded lines, or a length of
/// its body that programs read in different ways. The connection is not kept if a body follows.
[[nodiscard]] std::optional<asked> parse_asked(std::string_view header);

/// What the path of `target` names below a folder: "a/b" of "/a/./b?c", "" of "/". "%" without two
/// hexadecimal digits stands for itself. None when it is no path, or holds a "/" or NUL in
/// disguise.
[[nodiscard]] std::optional<std::string> path_asked(std::string_view target);

/// The bytes that a Range asks for of `size`: one range, from `first` up to but not `last`.
struct byte_range {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};
enum class range_kind : std::uint8_t { whole, part, outside };
/// What is no range of bytes, or several, means the whole (RFC 9110 §14.2 allows that).
[[nodiscard]] range_kind parse_range(std::string_view text, std::uint64_t size, byte_range& into);

}  // namespace tool
