// SPDX-License-Identifier: MIT
#pragma once

/// Wakes the loop for a distant deadline.

#include "engine/posix/kernel.hpp"

namespace bight::posix {

/// A kernel timer that stays set while the loop sleeps and wakes (timerfd_create(2)). A wait with a
/// time limit sets and removes a timer each time, which takes a microsecond in a virtual machine.
/// A server's deadlines are minutes away, and hardly any of them expires.
///
/// The alarm is only moved to an earlier time, never to a later one. So it may expire when nothing
/// is due, once per length of a deadline.
class alarm {
 public:
  explicit alarm(kernel_engine& home);
  alarm(const alarm&) = delete;
  alarm& operator=(const alarm&) = delete;
  ~alarm();

  /// Called when the engine can watch descriptors, and before it no longer can.
  void start();
  void stop() noexcept;

  /// The time limit for a wait until `until`. Negative, no limit, if the alarm expires in time.
  [[nodiscard]] duration limit(time_point until) noexcept;

 private:
  [[nodiscard]] bool set(time_point at) noexcept;

  kernel_engine& home_;
  watcher watch_;
  time_point set_for_ = time_point::max();
};

}  // namespace bight::posix
