// SPDX-License-Identifier: MIT
#pragma once

/// Runs tasks without a loop: a scheduler stepped by hand, whose time is what the test says.

#include <bight/scope.hpp>

#include "base/names.hpp"

#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

namespace bight {

/// What became of a task that was started and not awaited.
template <class T>
struct running {
  bool done = false;
  std::exception_ptr failure;
  std::optional<regular<T>> value;

  T get() {
    if (failure) std::rethrow_exception(failure);
    if constexpr (!std::is_void_v<T>) return std::move(value).value();
  }
};

class manual_scheduler {
 public:
  manual_scheduler() = default;
  /// Ends what the test left running, so that no frame leaks.
  ~manual_scheduler() { end(); }

  [[nodiscard]] scheduler& sched() noexcept { return scheduler_; }
  [[nodiscard]] context& root() noexcept { return root_; }
  /// Time since the start.
  [[nodiscard]] duration elapsed() const noexcept { return scheduler_.now() - time_point(); }
  /// Tasks that were started and have not ended.
  [[nodiscard]] std::size_t size() const noexcept { return children_.size(); }

  /// Starts `main`, which runs until it first waits.
  template <class T>
  std::shared_ptr<running<T>> start(task<T> main) {
    auto outcome = std::make_shared<running<T>>();
    children_.spawn(record(std::move(main), outcome), no_handle());
    return outcome;
  }

  /// One turn at the time that it is: timers, then what is ready.
  void turn() {
    scheduler_.expire(scheduler_.now());
    scheduler_.run_ready();
  }

  /// The next thing that happens: what is ready, or else the next timer. False: nothing ever will.
  bool step() {
    if (!scheduler_.has_ready()) {
      const time_point next = scheduler_.next_deadline();
      if (next == time_point::max()) return false;
      scheduler_.expire(next);
    }
    scheduler_.run_ready();
    return true;
  }

  /// Lets `wait` go by, with all that happens in it.
  void advance(duration wait) {
    const time_point end = later(scheduler_.now(), wait);
    while (scheduler_.has_ready() || scheduler_.next_deadline() <= end) step();
    scheduler_.expire(end);
  }

  /// Runs until nothing happens any more.
  void settle() {
    while (step()) continue;
  }

  /// Runs `main` to its end; what waits for ever is cancelled and reported.
  template <class T>
  T run(task<T> main) {
    auto outcome = start(std::move(main));
    while (!outcome->done && step()) continue;
    if (!outcome->done) {
      end();
      throw std::logic_error("the task waits for something that never comes");
    }
    return outcome->get();
  }

 private:
  template <class T>
  static task<> record(task<T> main, std::shared_ptr<running<T>> outcome) {
    try {
      if constexpr (std::is_void_v<T>) {
        co_await std::move(main);
        outcome->value.emplace();
      } else {
        outcome->value.emplace(co_await std::move(main));
      }
    } catch (...) {
      outcome->failure = std::current_exception();
    }
    outcome->done = true;
  }

  void end() {
    root_.stop();
    settle();
  }

  scheduler scheduler_;
  context root_{scheduler_};
  scope children_{root_};
};

}  // namespace bight
