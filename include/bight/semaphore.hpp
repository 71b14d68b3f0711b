// SPDX-License-Identifier: MIT
#pragma once

/// A number of permits that tasks of one loop share.

#include <bight/machinery/waiting_line.hpp>
#include <bight/task.hpp>

#include <cstddef>
#include <optional>
#include <utility>

namespace bight {

/// Limits how many tasks do something at the same time.
///
///     semaphore eight(8);
///     auto permit = co_await eight.acquire();  // given back at the end of the block
///
/// Tasks that wait are served in the order of their calls, and no later call overtakes them. So a
/// task that wants many permits gets them, even if others want one each.
///
/// threads  the loop's thread only (asserted while a task waits). The semaphore must outlive its
///          permits, and must not be destroyed while a task waits for it (asserted).
class semaphore {
 public:
  class permit;
  class acquire_operation;

  explicit semaphore(std::size_t permits) noexcept;
  semaphore(const semaphore&) = delete;
  semaphore& operator=(const semaphore&) = delete;
  ~semaphore();

  /// Waits until `permits` are available and nobody waits in front, then takes them.
  ///
  /// errors  cancelled.
  /// cancel  no permit is taken.
  [[nodiscard]] acquire_operation acquire(std::size_t permits = 1) noexcept;
  /// Takes permits if they are available and nobody waits. Does not wait.
  [[nodiscard]] std::optional<permit> try_acquire(std::size_t permits = 1) noexcept;

  /// Adds permits: those that permit::detach() kept, or new ones.
  void release(std::size_t permits = 1) noexcept { line_.add(permits); }

  /// Number of permits that no task has.
  [[nodiscard]] std::size_t available() const noexcept { return line_.free(); }

 private:
  friend class permit;
  machinery::waiting_line line_;
  std::size_t held_ = 0;  // by permit objects
};

/// Permits that were acquired. Gives them back when it is destroyed.
class [[nodiscard]] semaphore::permit {
 public:
  permit(permit&& other) noexcept
      : of_(std::exchange(other.of_, nullptr)), count_(std::exchange(other.count_, 0)) {}
  permit& operator=(permit&& other) noexcept {
    permit taken(std::move(other));
    std::swap(of_, taken.of_);
    std::swap(count_, taken.count_);
    return *this;
  }
  ~permit() { release(); }

  /// Gives the permits back now. Does nothing if there are none.
  void release() noexcept;
  /// Takes the permits from this object, so that they are not given back. See
  /// semaphore::release().
  void detach() noexcept;
  [[nodiscard]] std::size_t count() const noexcept { return count_; }

 private:
  friend class semaphore;
  permit(semaphore& of, std::size_t count) noexcept : of_(&of), count_(count) { of.held_ += count; }

  semaphore* of_;
  std::size_t count_;
};

/// See semaphore::acquire.
class [[nodiscard]] semaphore::acquire_operation
    : machinery::place_in_line,
      public machinery::awaits<semaphore::acquire_operation> {
 public:
  using value_type = permit;
  acquire_operation(semaphore& s, std::size_t permits) noexcept
      : place_in_line(s.line_, permits), of_(&s) {}

  using place_in_line::start;
  [[nodiscard]] result<permit> take();

 private:
  semaphore* of_;
};

inline semaphore::acquire_operation semaphore::acquire(std::size_t permits) noexcept {
  return acquire_operation(*this, permits);
}

}  // namespace bight
