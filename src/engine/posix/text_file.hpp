// SPDX-License-Identifier: MIT
#pragma once

/// The system's small text files: lines of words.

#include <string>
#include <string_view>

namespace bight::posix {

/// Reads a whole file of at most 64 MiB.
///
/// A file that does not exist, or that this process may not open, counts as empty, as in glibc. Any
/// other failure may be temporary and throws std::system_error: no descriptors, no memory, a read
/// that fails half-way.
[[nodiscard]] std::string read_file(const char* path);

/// Removes the next line from `text` and returns it without its newline.
[[nodiscard]] std::string_view next_line(std::string_view& text) noexcept;

/// Removes the next word from `line` and returns it; empty at the end of the line.
[[nodiscard]] std::string_view next_word(std::string_view& line) noexcept;

}  // namespace bight::posix
