// SPDX-License-Identifier: MIT
#pragma once

/// A flag for which tasks of one loop can wait.

#include <bight/task.hpp>

namespace bight {

/// Once set, stays set for current and later waiters until reset().
///
/// threads  the loop's thread only. set() in another thread while a task waits ends the program
///          with a message (asserted).
class event {
 public:
  class wait_operation;

  event() noexcept { waiting_.make_head(); }
  event(const event&) = delete;
  event& operator=(const event&) = delete;

  /// Sets the event and wakes all waiters, in the order of their wait() calls.
  void set() noexcept;
  void reset() noexcept { set_ = false; }
  [[nodiscard]] bool is_set() const noexcept { return set_; }

  /// Waits until the event is set. Returns at once if it is already set, except that after many
  /// such calls in a row other ready tasks run first.
  ///
  /// errors  errc::cancelled.
  [[nodiscard]] wait_operation wait() noexcept;

 private:
  machinery::ring_link waiting_;  // list of wait_operation::place_
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
