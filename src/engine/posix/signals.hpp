// SPDX-License-Identifier: MIT
#pragma once

/// SIGINT, SIGTERM and SIGHUP for the loops of this process.
///
/// While an operation waits for a signal, the process has our handler for it; it sets a bit and
/// wakes every loop that waits, and does nothing else. The handlers that were there before come
/// back a moment after the last has stopped waiting, so that a loop that awaits one signal after
/// the other misses none; a signal that comes in that moment goes to the next who waits, or is
/// raised again at its end.

#include "base/names.hpp"
#include "engine/posix/kernel.hpp"

#include <bight/machinery/scheduler.hpp>

#include <vector>

namespace bight::posix {

/// The part of one engine. `op.count` becomes the number of the signal.
///
/// threads  the engine's; the handler reaches it through atomics only.
class signal_desk {
 public:
  explicit signal_desk(kernel_engine& k) noexcept;
  signal_desk(const signal_desk&) = delete;
  signal_desk& operator=(const signal_desk&) = delete;
  ~signal_desk();

  [[nodiscard]] bool submit(op& o);
  void cancel(op& o) noexcept;
  [[nodiscard]] bool busy() const noexcept { return !waiters_.empty(); }
  /// Tells the waiters what has come, if anything has.
  void on_wake() noexcept;

 private:
  struct owned_timer : timer {
    signal_desk* owner = nullptr;
  };

  void tell(std::size_t n) noexcept;

  kernel_engine& kernel_;
  std::vector<op*> waiters_;
  int seat_ = -1;        // in the table that the handler reads; -1: none
  unsigned wanted_ = 0;  // signals that have been waited for since
  owned_timer leave_later_;
};

}  // namespace bight::posix
