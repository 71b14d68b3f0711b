// SPDX-License-Identifier: MIT
#pragma once

/// A flag that tasks of one loop can wait for.

#include <bight/task.hpp>

namespace bight {

/// Set once, seen by everyone: those who wait and those who come later, until reset().
///
/// threads  one loop's. A set() in another thread, while a task waits, ends the program with a
///          message (asserted).
class event {
 public:
  class wait_operation;

  event() noexcept { waiting_.make_head(); }
  event(const event&) = delete;
  event& operator=(const event&) = delete;

  /// Wakes every waiter, in the order in which they came.
  void set() noexcept;
  void reset() noexcept { set_ = false; }
  [[nodiscard]] bool is_set() const noexcept { return set_; }

  /// Waits until the event is set. When it is set already, goes on at once; a task that does so
  /// many times in a row lets the others run in between.
  ///
  /// errors  errc::cancelled.
  [[nodiscard]] wait_operation wait() noexcept;

 private:
  machinery::ring_link waiting_;  // the waiters, by their second link
  bool set_ = false;
};

/// See event::wait.
class [[nodiscard]] event::wait_operation : machinery::runnable,
                                            machinery::stop_hook,
                                            public machinery::awaits<event::wait_operation> {
 public:
  using value_type = void;
  explicit wait_operation(event& e) noexcept : event_(&e) {}
  wait_operation(wait_operation&& other) noexcept : event_(other.event_) {}

  bool start(std::coroutine_handle<> h, context& c);
  [[nodiscard]] result<void> take();

 private:
  friend class event;
  struct queue_link : machinery::ring_link {
    wait_operation* owner = nullptr;
  };
  void wake() noexcept;

  event* event_;
  context* context_ = nullptr;
  std::coroutine_handle<> waiter_;
  queue_link place_{};
  bool cancelled_ = false;
};

inline event::wait_operation event::wait() noexcept { return wait_operation(*this); }

}  // namespace bight
