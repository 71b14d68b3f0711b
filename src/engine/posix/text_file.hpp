// SPDX-License-Identifier: MIT
#pragma once

/// The system's small text files: lines of words.

#include <string>
#include <string_view>

namespace bight::posix {

/// The whole of a file; empty when it cannot be read, or is larger than 64 MiB.
[[nodiscard]] std::string read_file(const char* path);

/// Cuts the next line off `text`, without its end.
[[nodiscard]] std::string_view next_line(std::string_view& text) noexcept;

/// Cuts the next word off `line`; empty at the end of the line.
[[nodiscard]] std::string_view next_word(std::string_view& line) noexcept;

}  // namespace bight::posix
