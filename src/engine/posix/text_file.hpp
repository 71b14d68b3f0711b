// SPDX-License-Identifier: MIT
#pragma once

/// The system's small text files: lines of words.

#include <string>
#include <string_view>

namespace bight::posix {

/// Reads the whole of a file of at most 64 MiB.
///
/// A file that is not there, or that this process may not open, is empty: it stays so, and glibc
/// treats it so. Any other failure may be over soon and throws std::system_error: no descriptors,
/// no memory, a read that fails half-way. What the file says is not known then.
[[nodiscard]] std::string read_file(const char* path);

/// Cuts the next line off `text`, without its end.
[[nodiscard]] std::string_view next_line(std::string_view& text) noexcept;

/// Cuts the next word off `line`; empty at the end of the line.
[[nodiscard]] std::string_view next_word(std::string_view& line) noexcept;

}  // namespace bight::posix
