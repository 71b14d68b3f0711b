// SPDX-License-Identifier: MIT
#pragma once

/// Terminals, and the descriptors that the tool was started with.

#include <cstdio>

namespace tool {

/// Fills the places of descriptors 0, 1 and 2 that were closed at the start, so that no socket
/// takes one of these numbers and no message ends up in a connection. Reading from such a place,
/// or writing to it, fails as it would have.
void hold_standard_descriptors() noexcept;

[[nodiscard]] bool is_terminal(int fd) noexcept;
/// Whether standard error is a terminal that moves its cursor and shows colours: not with
/// TERM=dumb, or without TERM.
[[nodiscard]] bool understands_escapes() noexcept;
/// Whether a line on the terminal may be drawn and erased now. Not from the background, where it
/// would overwrite what the shell and other programs show, and where `stty tostop` would stop us.
/// Not while a pager behind our pipe has the screen: it has switched line editing off.
[[nodiscard]] bool owns_terminal() noexcept;
/// Columns of the terminal behind `fd`; 80 when it does not say, or is none.
[[nodiscard]] int terminal_width(int fd = 2) noexcept;

/// The descriptor of an open file.
[[nodiscard]] int descriptor_of(std::FILE* file) noexcept;
/// A file on a descriptor that the program was started with; null when there is none.
[[nodiscard]] std::FILE* file_of(int fd) noexcept;

}  // namespace tool
