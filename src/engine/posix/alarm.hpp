// SPDX-License-Identifier: MIT
#pragma once

/// Waking up for a deadline that is far away.

#include "engine/posix/kernel.hpp"

namespace bight::posix {

/// A timer of the kernel's that stays set while the loop sleeps and wakes (timerfd_create(2)). A
/// wait with a time limit sets one and takes it back each time, which costs a microsecond in a
/// virtual machine; and of a server's deadlines, minutes away, hardly one is ever reached.
///
/// It is set only for what comes earlier than what it is set for. So it may ring when nothing is
/// due any more: once in the length of a deadline.
class alarm {
 public:
  explicit alarm(kernel_engine& home);
  alarm(const alarm&) = delete;
  alarm& operator=(const alarm&) = delete;
  ~alarm();

  /// Once the engine can watch; and before it no longer can.
  void start();
  void stop() noexcept;

  /// How long a wait for `until` may take: below zero, that is without end, when this rings in
  /// time.
  [[nodiscard]] duration limit(time_point until) noexcept;

 private:
  [[nodiscard]] bool set(time_point at) noexcept;

  kernel_engine& home_;
  watcher watch_;
  time_point set_for_ = time_point::max();
};

}  // namespace bight::posix
