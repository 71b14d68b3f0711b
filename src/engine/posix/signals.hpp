// SPDX-License-Identifier: MIT
#pragma once

/// SIGINT, SIGTERM and SIGHUP for the loops of this process.
///
/// While an operation waits for a signal, the process has our handler for it. The handler only sets
/// a bit and wakes every waiting loop. The previous handlers are restored 250 ms after the last
/// operation has stopped waiting, so that a loop that awaits one signal after the other misses
/// none. A signal in that interval goes to the next waiting operation, or is raised again at the
/// end.

#include "base/names.hpp"
#include "engine/posix/kernel.hpp"

#include <bight/machinery/scheduler.hpp>

#include <vector>

namespace bight::posix {

/// The signals of one engine. Sets `op.count` to the number of the signal.
///
/// threads  the engine's; the handler accesses only atomics.
class signal_desk {
 public:
  explicit signal_desk(kernel_engine& k) noexcept;
  signal_desk(const signal_desk&) = delete;
  signal_desk& operator=(const signal_desk&) = delete;
  ~signal_desk();

  [[nodiscard]] bool submit(op& o);
  void cancel(op& o) noexcept;
  [[nodiscard]] bool busy() const noexcept { return !waiters_.empty(); }
  /// Completes the waiting operations whose signals have arrived.
  void on_wake() noexcept;

 private:
  struct owned_timer : timer {
    signal_desk* owner = nullptr;
  };

  void tell(std::size_t n) noexcept;

  kernel_engine& kernel_;
  std::vector<op*> waiters_;
  int seat_ = -1;        // its index in the table that the handler reads; -1: none
  unsigned wanted_ = 0;  // signals that it has waited for since it has a seat
  owned_timer leave_later_;
};

}  // namespace bight::posix
