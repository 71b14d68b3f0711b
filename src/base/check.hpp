// SPDX-License-Identifier: MIT
#pragma once

/// Assertions, enabled in release builds too: continuing after a broken contract could lose bytes.

namespace bight {

[[noreturn]] void check_failed(const char* what, const char* file, int line) noexcept;

/// Prints `why` and exits with status 1. For failures where the program can neither continue nor
/// unwind: out of memory, or a kernel that refuses what it allowed before. Allocates nothing.
[[noreturn]] void give_up(const char* why, const char* detail = "") noexcept;

/// Aborts with the message `what` if `holds` is false: a bug in the program, not a network error.
inline void check(bool holds, const char* what, const char* file = __builtin_FILE(),
                  int line = __builtin_LINE()) noexcept {
  if (!holds) [[unlikely]]
    check_failed(what, file, line);
}

}  // namespace bight
