// SPDX-License-Identifier: MIT
#pragma once

/// Answers system calls of this thread in the kernel's place (seccomp_unotify(2)).

#include <cstdint>
#include <string>

namespace torture {

/// A fault to inject: that call answers `number` (errno), from the `first` time on, `times` times.
struct call_fault {
  int call = -1;
  int number = 0;
  std::uint64_t first = 1;
  std::uint64_t times = 1;
};

/// From here on that call fails with `number` in this process, each time.
[[nodiscard]] bool forbid(int call, int number);

/// From here on, in this thread and those that it starts. Cannot be taken back. False: not allowed
/// here.
[[nodiscard]] bool inject(const call_fault& fault);

/// How often the call has been made since then, and how often it was answered with the errno.
[[nodiscard]] std::uint64_t calls_seen() noexcept;
[[nodiscard]] std::uint64_t calls_failed() noexcept;

}  // namespace torture
