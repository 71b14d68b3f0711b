// SPDX-License-Identifier: MIT
#pragma once

/// Assertions that stay on in release builds: a broken contract must not go on to lose bytes.

namespace bight {

[[noreturn]] void check_failed(const char* what, const char* file, int line) noexcept;

/// Ends the program with the sentence `why` and exit status 1, when it can neither go on nor
/// unwind: no memory, or a kernel that refuses what it allowed before. Takes no memory itself.
[[noreturn]] void give_up(const char* why, const char* detail = "") noexcept;

/// Ends the program with `what` when `holds` is false: an error of the program, not of the network.
inline void check(bool holds, const char* what, const char* file = __builtin_FILE(),
                  int line = __builtin_LINE()) noexcept {
  if (!holds) [[unlikely]]
    check_failed(what, file, line);
}

}  // namespace bight
