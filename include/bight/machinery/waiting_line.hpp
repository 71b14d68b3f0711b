// SPDX-License-Identifier: MIT
#pragma once

/// Tasks that wait in line for units of something: items, free slots, permits.
///
/// First come, first served. Free units are promised to the first task in line, and the task takes
/// them when it resumes. If it is cancelled before that, the units go to the next task. So no unit
/// and no wake-up is lost. See docs/decisions/045-what-tasks-wait-for.md.

#include <bight/context.hpp>

#include <coroutine>
#include <cstddef>
#include <cstdint>

namespace bight::machinery {

class place_in_line;

/// threads  the loop's thread only. A call on another thread while a task waits ends the program
///          with a message (asserted).
class waiting_line {
 public:
  /// free    units available at the start.
  /// misuse  the message if a task of another loop or another thread calls.
  waiting_line(std::size_t free, const char* misuse) noexcept : free_(free), misuse_(misuse) {
    waiting_.make_head();
  }
  waiting_line(const waiting_line&) = delete;
  waiting_line& operator=(const waiting_line&) = delete;

  /// Units that are neither taken nor promised.
  [[nodiscard]] std::size_t free() const noexcept { return free_; }
  /// Whether a task waits, or was promised units and has not resumed yet.
  [[nodiscard]] bool is_waited_for() const noexcept {
    return promised_ > 0 || waiting_.next != &waiting_;
  }

  /// Takes free units. Does not wait.
  void take(std::size_t units) noexcept { free_ -= units; }
  /// Adds free units, and promises them to the first tasks in line.
  void add(std::size_t units) noexcept;
  /// Ends the wait of each task without a promise: its place_in_line is dismissed.
  void dismiss() noexcept;

  /// Ends the program if a task waits and the calling thread is not the one of its loop.
  void check_thread() const noexcept;

 private:
  friend class place_in_line;
  void promise_free() noexcept;
  [[nodiscard]] place_in_line& first() const noexcept;

  ring_link waiting_;  // list of place_in_line::link_
  std::size_t free_;
  std::size_t promised_ = 0;  // tasks with a promise that have not resumed
  const char* misuse_;
};

/// An operation that waits in line. Its owner calls settle() when the operation is complete.
class place_in_line : runnable, stop_hook {
 public:
  place_in_line(waiting_line& line, std::size_t units) noexcept : line_(&line), units_(units) {}
  place_in_line(place_in_line&& other) noexcept : place_in_line(*other.line_, other.units_) {}

  bool start(std::coroutine_handle<> h, context& c);

  enum class outcome : std::uint8_t { waiting, promised, taken, dismissed, cancelled };
  /// Returns taken, dismissed or cancelled. If taken, the units now belong to the owner.
  [[nodiscard]] outcome settle() noexcept;

  [[nodiscard]] std::size_t units() const noexcept { return units_; }

 private:
  friend class waiting_line;
  struct queue_link : ring_link {
    place_in_line* owner = nullptr;
  };
  void resume_later(outcome o) noexcept;
  static void stop(stop_hook& hook);

  waiting_line* line_;
  std::size_t units_;
  context* context_ = nullptr;
  std::coroutine_handle<> waiter_;
  queue_link link_{};
  outcome outcome_ = outcome::waiting;
};

}  // namespace bight::machinery
