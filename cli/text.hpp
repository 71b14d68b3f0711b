// SPDX-License-Identifier: MIT
#pragma once

/// Bytes of strangers as text for people.

#include <cstddef>
#include <string>
#include <string_view>

namespace tool {

/// For a message: printable ASCII and well-formed UTF-8 stay, everything else becomes \xNN.
/// Newlines are escaped too: no peer can add a line to a log. So are the characters that reorder a
/// line. Cut after `max` bytes.
[[nodiscard]] std::string shown(std::string_view bytes, std::size_t max = 200);
/// The same for a message of several lines: newlines stay, and nothing is cut.
[[nodiscard]] std::string shown_lines(std::string_view bytes);

/// A peer's text on its way to a terminal. Control characters other than newline, return and tab
/// become \xNN, so that a peer cannot move the cursor or set the title. Everything else stays as it
/// is. The result does not depend on how the bytes are cut into pieces.
class terminal_text {
 public:
  /// The text of the next bytes. The beginning of a character is kept for the next call.
  [[nodiscard]] std::string take(std::string_view bytes);
  /// The text of what is kept: nothing comes behind it.
  [[nodiscard]] std::string finish();

 private:
  std::string held_;  // up to three bytes
};

/// Whether the beginning of a body looks like something that a terminal cannot show: a NUL, or
/// many control bytes.
[[nodiscard]] bool looks_binary(std::string_view bytes) noexcept;

/// `s` with its ASCII letters in lower case.
[[nodiscard]] std::string lower(std::string_view s);

/// What a hexadecimal digit is worth; -1 if it is none.
[[nodiscard]] int hex_digit(char c) noexcept;
/// "48 65 6c": the bytes in hexadecimal.
[[nodiscard]] std::string to_hex(std::string_view bytes);
/// The bytes that pairs of hexadecimal digits stand for; blanks between pairs are skipped.
///
/// errors  a usage failure for anything else.
[[nodiscard]] std::string from_hex(std::string_view digits);

}  // namespace tool
