// SPDX-License-Identifier: MIT
#pragma once

/// Work that blocks or computes for long, on a thread without a loop.

#include <bight/machinery/child.hpp>
#include <bight/task.hpp>

#include <concepts>
#include <cstddef>
#include <exception>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>

namespace bight {

namespace machinery {

/// A call that another thread makes. Neither function throws.
class call_off_loop {
 public:
  call_off_loop() noexcept = default;
  call_off_loop(const call_off_loop&) = delete;
  call_off_loop& operator=(const call_off_loop&) = delete;

  virtual void call() noexcept = 0;
  /// Called in the loop's thread, perhaps while call() runs.
  virtual void request_stop() noexcept = 0;

 protected:
  ~call_off_loop() = default;
};

/// Waits until `c.call()` has returned. If it was cancelled before it had started, throws
/// errc::cancelled.
[[nodiscard]] task<> run_off_loop(call_off_loop& c);

/// What `F` returns, if it takes a std::stop_token and if it takes nothing.
template <class F, bool = std::invocable<F&, std::stop_token>>
struct returned_off_loop {
  using type = std::invoke_result_t<F&, std::stop_token>;
};
template <class F>
struct returned_off_loop<F, false> {
  using type = std::invoke_result_t<F&>;
};

template <class F>
class kept_call final : public call_off_loop {
 public:
  using value_type = typename returned_off_loop<F>::type;
  explicit kept_call(F& f) noexcept : f_(f) {}

  void call() noexcept override {
    try {
      if constexpr (std::is_void_v<value_type>)
        invoke();
      else
        value_.emplace(invoke());
    } catch (...) {
      failure_ = std::current_exception();
    }
  }
  void request_stop() noexcept override {
    if constexpr (stoppable) stop_.request_stop();
  }
  value_type get() {
    if (failure_ != nullptr) std::rethrow_exception(std::exchange(failure_, nullptr));
    if constexpr (!std::is_void_v<value_type>) return *std::move(value_);
  }

 private:
  static constexpr bool stoppable = std::invocable<F&, std::stop_token>;
  struct no_source {};

  value_type invoke() {
    if constexpr (stoppable)
      return f_(stop_.get_token());
    else
      return f_();
  }

  F& f_;
  std::optional<regular<value_type>> value_;
  std::exception_ptr failure_;
  [[no_unique_address]] std::conditional_t<stoppable, std::stop_source, no_source> stop_;
};

}  // namespace machinery

/// Calls `f()` on another thread, while the loop goes on, and returns its value. For what computes
/// for more than a millisecond, and for calls that block: files, databases, other libraries.
///
///     const std::string hash = co_await off_loop([&] { return sha256_of(file); });
///
/// The threads belong to the process and are started as needed: as many as the machine has cores,
/// at least four (limit_off_loop_threads). What finds none free waits, first come, first served.
///
/// f        moved; destroyed in the loop's thread. It may take a std::stop_token, which a
///          cancellation sets. It must not use a socket or a scope of the loop.
/// returns  what `f` returns; a task<> is no value, because no loop would run it.
/// errors   the exception of `f`; no_resources if no thread can be started.
/// cancel   a call that has not started fails with errc::cancelled. Nothing can interrupt one that
///          runs: its end is awaited, and then its value is returned or its exception thrown. So
///          `f` may borrow what lives as long as the await.
/// world    in a simulated world, `f` runs in the loop's thread, after a time that the world draws.
template <std::move_constructible F>
[[nodiscard]] task<typename machinery::returned_off_loop<F>::type> off_loop(F f) {
  machinery::kept_call<F> call(f);
  co_await machinery::run_off_loop(call);
  co_return call.get();
}

/// Sets how many threads off_loop() may use in this process; 0 stands for the default. Threads that
/// are already there stay until they have been idle for 10 s.
///
/// threads  any.
void limit_off_loop_threads(std::size_t most) noexcept;

}  // namespace bight
