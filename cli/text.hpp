// SPDX-License-Identifier: MIT
#pragma once

/// Bytes of strangers as text for people.

#include <string>
#include <string_view>

namespace tool {

/// For a message: everything but printable ASCII and well-formed UTF-8 as \xNN, newlines too, so
/// that no peer can write a line of its own into a log; cut after `max` bytes.
[[nodiscard]] std::string shown(std::string_view bytes, std::size_t max = 200);

/// For a terminal: control bytes other than newline, return and tab as \xNN, so that a peer cannot
/// move the cursor or set the title; the rest as it is. Works on any split of the bytes but one: a
/// C1 control (U+0080 to U+009F) whose two bytes come in two pieces.
[[nodiscard]] std::string for_terminal(std::string_view bytes);

/// Whether the beginning of a body looks like something that a terminal cannot show: a NUL, or
/// many control bytes.
[[nodiscard]] bool looks_binary(std::string_view bytes) noexcept;

/// "48 65 6c": the bytes in hexadecimal.
[[nodiscard]] std::string to_hex(std::string_view bytes);
/// The bytes that pairs of hexadecimal digits stand for; blanks between pairs are skipped.
///
/// errors  a usage failure for anything else.
[[nodiscard]] std::string from_hex(std::string_view digits);

}  // namespace tool
