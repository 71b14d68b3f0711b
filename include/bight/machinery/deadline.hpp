// SPDX-License-Identifier: MIT
#pragma once

/// The return types of within(), attempt(), sleep(), yield(), now() and the try_ functions. None
/// allocates a frame.

#include <bight/task.hpp>
#include <bight/time.hpp>

#include <cstdint>
#include <optional>
#include <utility>

namespace bight::machinery {

/// A context that stops when its time is over. The type-independent part of `within`.
///
/// A deadline of zero or less gives its operation a few more turns of the loop (looks_max), which
/// do not block. An available result needs several turns: io_uring reports it in the next turn, a
/// stream's first receive is a single-shot request, and TLS receives from the underlying stream.
class deadline {
 public:
  deadline(context& parent, duration wait);
  deadline(const deadline&) = delete;
  deadline& operator=(const deadline&) = delete;
  ~deadline() { disarm(); }

  [[nodiscard]] context& inner() noexcept { return context_; }
  /// Stops the timer: the operation has completed in time.
  void disarm() noexcept { context_.sched().disarm(timer_); }
  /// Whether this deadline caused the stop, and not a parent context.
  [[nodiscard]] bool expired() const noexcept { return expired_; }
  /// Turns a cancellation that this deadline caused into errc::timed_out.
  [[nodiscard]] error explain(const error& e, duration wait) const;

 private:
  struct owned_timer : timer {
    deadline* owner = nullptr;
  };
  static void on_expired(timer& t);

  static constexpr std::uint8_t looks_max = 4;

  context context_;
  owned_timer timer_;
  bool expired_ = false;
  std::uint8_t looks_left_ = 0;
};

template <class T>
inline constexpr bool is_result = false;
template <class T>
inline constexpr bool is_result<result<T>> = true;

/// See `within`.
template <awaitable A>
class [[nodiscard]] within_operation : public awaits<within_operation<A>> {
 public:
  using value_type = typename A::value_type;

  within_operation(duration wait, A operation) : wait_(wait), operation_(std::move(operation)) {}
  // Moved only before it is started; the deadline begins when the operation starts.
  within_operation(within_operation&& other) noexcept
      : wait_(other.wait_), operation_(std::move(other.operation_)) {}

  auto start(std::coroutine_handle<> h, context& c) {
    deadline_.emplace(c, wait_);
    return operation_.start(h, deadline_->inner());
  }

  // Other exceptions are rethrown unchanged, so an error of a user's class keeps its type.
  value_type get()
    requires requires(A& a) { a.get(); }
  {
    deadline_->disarm();
    try {
      if constexpr (std::is_void_v<value_type>)
        operation_.get();
      else
        return explained(operation_.get());
    } catch (const error& e) {
      if (caused(e)) throw deadline_->explain(e, wait_);
      throw;
    }
  }

  [[nodiscard]] result<value_type> take() {
    deadline_->disarm();
    auto outcome = operation_.take();
    if (!outcome && caused(outcome.error())) return deadline_->explain(outcome.error(), wait_);
    if constexpr (is_result<value_type>)
      if (outcome) return explained(*std::move(outcome));
    return outcome;
  }

 private:
  [[nodiscard]] bool caused(const error& e) const {
    return e.is(errc::cancelled) && deadline_->expired();
  }
  // within(…, attempt(…)): the error is inside the value.
  template <class T>
  T explained(T value) const {
    if constexpr (is_result<T>)
      if (!value && caused(value.error())) return T(deadline_->explain(value.error(), wait_));
    return value;
  }

  duration wait_;
  A operation_;
  std::optional<deadline> deadline_;
};

/// What try_recv returns: the outcome of an operation if it is available without waiting.
template <awaitable A>
class [[nodiscard]] try_operation : public awaits<try_operation<A>> {
 public:
  using value_type = std::optional<typename A::value_type>;

  explicit try_operation(A operation) : within_(duration::zero(), std::move(operation)) {}
  auto start(std::coroutine_handle<> h, context& c) { return within_.start(h, c); }
  [[nodiscard]] result<value_type> take() {
    auto outcome = within_.take();
    if (outcome) return value_type(*std::move(outcome));
    const error& e = outcome.error();
    if (e.is(errc::timed_out) && !e.is(errc::connection_timed_out)) return value_type();
    return e;
  }

 private:
  within_operation<A> within_;
};

/// See `attempt`.
template <awaitable A>
class [[nodiscard]] attempt_operation : public awaits<attempt_operation<A>> {
 public:
  using value_type = result<typename A::value_type>;

  template <class... Arguments>
  explicit attempt_operation(Arguments&&... made_of)
      : operation_(std::forward<Arguments>(made_of)...) {}
  auto start(std::coroutine_handle<> h, context& c) { return operation_.start(h, c); }
  [[nodiscard]] value_type get() { return operation_.take(); }
  [[nodiscard]] result<value_type> take() { return result<value_type>(operation_.take()); }

 private:
  A operation_;
};

/// See `sleep`.
class [[nodiscard]] sleep_operation : runnable, stop_hook, public awaits<sleep_operation> {
 public:
  using value_type = void;
  explicit sleep_operation(duration wait) noexcept : wait_(wait) {}
  sleep_operation(sleep_operation&& other) noexcept : wait_(other.wait_) {}

  bool start(std::coroutine_handle<> h, context& c);
  [[nodiscard]] result<void> take();

 private:
  struct owned_timer : timer {
    sleep_operation* owner = nullptr;
  };

  duration wait_;
  context* context_ = nullptr;
  std::coroutine_handle<> waiter_;
  owned_timer timer_{};
  bool cancelled_ = false;
};

/// See `yield`.
class [[nodiscard]] yield_operation : runnable, public awaits<yield_operation> {
 public:
  using value_type = void;
  yield_operation() noexcept = default;
  yield_operation(yield_operation&&) noexcept {}

  bool start(std::coroutine_handle<> h, context& c) noexcept;
  [[nodiscard]] result<void> take();

 private:
  std::coroutine_handle<> waiter_;
  bool cancelled_ = false;
};

/// See `now`.
class [[nodiscard]] now_operation : public awaits<now_operation> {
 public:
  using value_type = time_point;
  bool start(std::coroutine_handle<>, context& c) noexcept {
    now_ = c.now();
    return false;
  }
  [[nodiscard]] time_point get() const noexcept { return now_; }
  [[nodiscard]] result<time_point> take() const { return now_; }

 private:
  time_point now_{};
};

}  // namespace bight::machinery
