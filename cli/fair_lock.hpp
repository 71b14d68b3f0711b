// SPDX-License-Identifier: MIT
#pragma once

/// One at a time, in the order of asking.

#include <bight/event.hpp>
#include <bight/task.hpp>

#include <deque>

namespace tool {

/// Lets several tasks of one loop use what only one may use at a time.
class turns {
 public:
  turns() = default;
  turns(const turns&) = delete;
  turns& operator=(const turns&) = delete;

  /// A turn. It is over when this dies.
  class turn {
   public:
    explicit turn(turns& of) noexcept : of_(&of) {}
    turn(turn&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
    turn& operator=(turn&&) = delete;
    ~turn() {
      if (of_ != nullptr) of_->pass_on();
    }

   private:
    turns* of_;
  };

  /// Waits until those who asked earlier have finished.
  ///
  /// errors  cancelled; then this task has left the queue.
  [[nodiscard]] bight::task<turn> take();

 private:
  void pass_on() noexcept;

  bool taken_ = false;
  std::deque<bight::event*> waiting_;
};

}  // namespace tool
