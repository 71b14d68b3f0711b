// SPDX-License-Identifier: MIT
#pragma once

/// Runs something in a child process of its own, for a limited time.

#include <string>

namespace torture {

struct ending {
  bool hung = false;  ///< it was killed
  int status = 0;     ///< as waitpid(2) gives it
  std::string said;   ///< on standard error

  [[nodiscard]] bool exited(int code) const noexcept;
  [[nodiscard]] std::string text() const;
};

/// Calls body(argument), whose value is the exit status.
[[nodiscard]] ending in_child(int (*body)(void*), void* argument, int seconds);

/// Moves this process into a network of its own, with a loopback interface, where that is allowed:
/// thousands of connections leave ports in TIME_WAIT, which other tests would meet.
void enter_own_network() noexcept;

/// The number of descriptors that this process has open.
[[nodiscard]] int descriptors() noexcept;

}  // namespace torture
