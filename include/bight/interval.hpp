// SPDX-License-Identifier: MIT
#pragma once

/// Ticks at a fixed rate.

#include <bight/task.hpp>
#include <bight/time.hpp>

#include <coroutine>
#include <cstdint>

namespace bight {

/// Ticks every `period`, without drift: the time that a task spends between two ticks does not
/// delay the following ones.
///
///     interval seconds(1s);
///     for (;;) {
///       co_await seconds.tick();
///       report();
///     }
///
/// The first call of tick() starts the interval, and returns one period later. Ticks that a task
/// misses are not repeated: the next tick() returns at once and counts them, and the one after it
/// is in step again.
///
/// threads  the loop's thread only; one task at a time waits for a tick (asserted).
class interval {
 public:
  class tick_operation;

  /// period  more than zero (asserted).
  explicit interval(duration period) noexcept;
  interval(const interval&) = delete;
  interval& operator=(const interval&) = delete;
  /// Asserts that no task waits for a tick.
  ~interval();

  /// Waits for the next tick.
  ///
  /// returns  the number of periods since the last tick: 1 in time, more if ticks were missed.
  /// errors   cancelled.
  /// cancel   the tick is not lost: the next call returns it.
  [[nodiscard]] tick_operation tick() noexcept;
  [[nodiscard]] duration period() const noexcept { return period_; }

 private:
  duration period_;
  time_point last_{};  // the last tick that was returned, or the start
  bool started_ = false;
  bool waited_for_ = false;
};

/// See interval::tick.
class [[nodiscard]] interval::tick_operation : machinery::runnable,
                                               machinery::stop_hook,
                                               public machinery::awaits<interval::tick_operation> {
 public:
  using value_type = std::uint64_t;
  explicit tick_operation(interval& of) noexcept : of_(&of) {}
  tick_operation(tick_operation&& other) noexcept : of_(other.of_) {}

  bool start(std::coroutine_handle<> h, context& c);
  [[nodiscard]] result<std::uint64_t> take();

 private:
  enum class phase : std::uint8_t { due, waiting, ready, cancelled };
  struct owned_timer : machinery::timer {
    tick_operation* owner = nullptr;
  };
  void resume_later(phase p) noexcept;

  interval* of_;
  context* context_ = nullptr;
  std::coroutine_handle<> waiter_;
  owned_timer timer_{};
  phase phase_ = phase::due;
};

inline interval::tick_operation interval::tick() noexcept { return tick_operation(*this); }

}  // namespace bight
