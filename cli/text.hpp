// SPDX-License-Identifier: MIT
#pragma once

/// Untrusted bytes as printable text.

#include <cstddef>
#include <string>
#include <string_view>

namespace tool {

/// For a message: everything but printable ASCII and well-formed UTF-8 becomes \xNN. Newlines are
/// escaped too, so that no peer can add a line to a log, and so are characters that reorder a line.
/// Cut after `max` bytes.
[[nodiscard]] std::string shown(std::string_view bytes, std::size_t max = 200);
/// Like shown(), for several lines: newlines stay, and nothing is cut.
[[nodiscard]] std::string shown_lines(std::string_view bytes);

/// Escapes a peer's text for a terminal. Control characters except newline, return and tab become
/// \xNN, so that a peer cannot move the cursor or set the title. The result does not depend on how
/// the bytes are split.
class terminal_text {
 public:
  /// The text of the next bytes. An incomplete character is kept for the next call.
  [[nodiscard]] std::string take(std::string_view bytes);
  /// The text of the incomplete character, at the end of the data.
  [[nodiscard]] std::string finish();

 private:
  std::string held_;  // up to three bytes
};

/// Whether the beginning of a body looks binary: a NUL, or many control bytes.
[[nodiscard]] bool looks_binary(std::string_view bytes) noexcept;

/// `s` with its ASCII letters in lower case.
[[nodiscard]] std::string lower(std::string_view s);

/// The value of a hexadecimal digit; -1 for other characters.
[[nodiscard]] int hex_digit(char c) noexcept;
/// "48 65 6c": the bytes in hexadecimal.
[[nodiscard]] std::string to_hex(std::string_view bytes);
/// Decodes pairs of hexadecimal digits; whitespace between pairs is skipped.
///
/// errors  a usage failure for anything else.
[[nodiscard]] std::string from_hex(std::string_view digits);

}  // namespace tool
