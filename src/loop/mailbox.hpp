// SPDX-License-Identifier: MIT
#pragma once

/// What other threads give to a loop: tasks to start, and waiting operations to resume.

#include <bight/loop_ref.hpp>
#include <bight/machinery/scheduler.hpp>

#include "base/names.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace bight::machinery {

class sleeper;

/// The mailbox of one run of a loop. It is closed when the loop ends, and lives as long as a
/// reference to it.
///
/// The first thing that is put into an empty mailbox wakes the loop. This happens under the lock,
/// so the loop still exists, and if the mailbox was not empty, a wake-up is already on its way. The
/// loop empties the mailbox after each wait, so it never sleeps while something is in it.
///
/// threads  post(), resume(), hold() and let_go(): any. The others: the loop's.
class mailbox {
 public:
  /// Has one count, of whoever made it.
  explicit mailbox(sleeper& of) noexcept : loop_(&of) {}

  /// Returns false if the loop has ended. May throw std::bad_alloc.
  [[nodiscard]] bool post(task<> work);
  /// Makes `waiter`, which waits on this loop, ready there. The loop cannot have ended.
  void resume(runnable& waiter) noexcept;
  [[nodiscard]] bool hold() noexcept;
  void let_go() noexcept;

  /// Empties it: waiters become ready in `to`, and tasks move to `work`, which must be empty.
  void empty(scheduler& to, std::vector<task<>>& work) noexcept;
  /// Called when the loop has nothing else to do. Refuses posts from now on, unless somebody holds
  /// it. Returns whether nothing is left in it either, so the loop can end. If a loop accepted
  /// posts until it found none, a thread that posts without a pause would keep it running.
  [[nodiscard]] bool close_unless_held() noexcept;
  void close() noexcept;
  [[nodiscard]] bool is_filled() const noexcept { return filled_.load(std::memory_order_relaxed); }
  /// Whether something is in it, or somebody else refers to it and could put something in.
  [[nodiscard]] bool may_fill() const noexcept {
    return owners_.load(std::memory_order_acquire) > 1 || is_filled();
  }

  void retain() noexcept { owners_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    if (owners_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

 private:
  void wake_unless(bool awake) noexcept;

  std::atomic<std::uint32_t> owners_{1};
  std::atomic<bool> filled_{false};  // something is in it; written under the lock

  std::mutex lock_;  // protects the members below
  sleeper* loop_;    // null: it has ended
  std::vector<task<>> tasks_;
  runnable_queue waiters_;
  std::size_t holds_ = 0;
  bool refuses_ = false;  // posts and holds
};

}  // namespace bight::machinery
