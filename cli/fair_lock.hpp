// SPDX-License-Identifier: MIT
#pragma once

/// A lock for tasks of one loop, granted in the order of the calls.

#include <bight/event.hpp>
#include <bight/task.hpp>

#include <deque>

namespace tool {

/// Lets several tasks of one loop use something one at a time.
class fair_lock {
 public:
  fair_lock() = default;
  fair_lock(const fair_lock&) = delete;
  fair_lock& operator=(const fair_lock&) = delete;

  /// Holds the lock, and releases it when destroyed.
  class guard {
   public:
    explicit guard(fair_lock& of) noexcept : of_(&of) {}
    guard(guard&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
    guard& operator=(guard&&) = delete;
    ~guard() {
      if (of_ != nullptr) of_->release();
    }

   private:
    fair_lock* of_;
  };

  /// Waits until all earlier callers have released the lock.
  ///
  /// errors  cancelled; the task then has left the queue.
  [[nodiscard]] bight::task<guard> acquire();

 private:
  void release() noexcept;

  bool taken_ = false;
  std::deque<bight::event*> waiting_;
};

}  // namespace tool
