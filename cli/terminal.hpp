// SPDX-License-Identifier: MIT
#pragma once

/// Terminals and the inherited descriptors.

#include <cstdio>

namespace tool {

/// Opens descriptors 0, 1 and 2 if they are closed, so that no socket gets one of these numbers and
/// receives our messages. Reading and writing them still fails.
void hold_standard_descriptors() noexcept;

[[nodiscard]] bool is_terminal(int fd) noexcept;
/// Whether standard error is a terminal with escape sequences: not if TERM is dumb or empty.
[[nodiscard]] bool understands_escapes() noexcept;
/// Whether a line may be drawn on the terminal now. Not in the background, where it would overwrite
/// the output of the shell, and `stty tostop` would stop us. Not while a pager that reads our
/// output uses the screen: it has switched off canonical mode.
[[nodiscard]] bool owns_terminal() noexcept;
/// Columns of the terminal `fd`; 80 if unknown.
[[nodiscard]] int terminal_width(int fd = 2) noexcept;

/// The descriptor of an open file.
[[nodiscard]] int descriptor_of(std::FILE* file) noexcept;
/// A FILE for an inherited descriptor; null if it is not open.
[[nodiscard]] std::FILE* file_of(int fd) noexcept;

}  // namespace tool
