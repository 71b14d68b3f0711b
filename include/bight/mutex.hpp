// SPDX-License-Identifier: MIT
#pragma once

/// A lock for tasks of one loop.
///
/// The name is ambiguous in a program that includes <mutex> and has both `using namespace std` and
/// `using namespace bight`. Write bight::mutex there.

#include <bight/machinery/waiting_line.hpp>
#include <bight/task.hpp>

#include <optional>
#include <utility>

namespace bight {

/// Keeps other tasks away from something while its owner waits. Tasks run one at a time, so code
/// without a co_await needs no mutex.
///
///     auto guard = co_await together.lock();  // unlocked at the end of the block
///     co_await peer.send(header);
///     co_await peer.send(body);
///
/// Tasks that wait are served in the order of their calls, and no later call overtakes them. Not
/// recursive: a task that locks it twice waits for itself.
///
/// threads  the loop's thread only (asserted while a task waits). The mutex must outlive its guard,
///          and must not be destroyed while a task waits for it (asserted).
class mutex {
 public:
  class guard;
  class lock_operation;

  mutex() noexcept;
  mutex(const mutex&) = delete;
  mutex& operator=(const mutex&) = delete;
  ~mutex();

  /// Waits until the mutex is unlocked and nobody waits in front, then locks it.
  ///
  /// errors  cancelled.
  /// cancel  the mutex is not locked by this call.
  [[nodiscard]] lock_operation lock() noexcept;
  /// Locks the mutex if it is unlocked and nobody waits. Does not wait.
  [[nodiscard]] std::optional<guard> try_lock() noexcept;

  [[nodiscard]] bool is_locked() const noexcept { return line_.free() == 0; }

 private:
  machinery::waiting_line line_;
};

/// Unlocks the mutex when it is destroyed.
class [[nodiscard]] mutex::guard {
 public:
  guard(guard&& other) noexcept : of_(std::exchange(other.of_, nullptr)) {}
  guard& operator=(guard&& other) noexcept {
    guard taken(std::move(other));
    std::swap(of_, taken.of_);
    return *this;
  }
  ~guard() { unlock(); }

  /// Unlocks the mutex now. Does nothing the second time.
  void unlock() noexcept {
    if (of_ != nullptr) std::exchange(of_, nullptr)->line_.add(1);
  }

 private:
  friend class mutex;
  explicit guard(mutex& of) noexcept : of_(&of) {}

  mutex* of_;
};

/// See mutex::lock.
class [[nodiscard]] mutex::lock_operation : machinery::place_in_line,
                                            public machinery::awaits<mutex::lock_operation> {
 public:
  using value_type = guard;
  explicit lock_operation(mutex& m) noexcept : place_in_line(m.line_, 1), of_(&m) {}

  using place_in_line::start;
  [[nodiscard]] result<guard> take();

 private:
  mutex* of_;
};

inline mutex::lock_operation mutex::lock() noexcept { return lock_operation(*this); }

}  // namespace bight
