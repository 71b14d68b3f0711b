// SPDX-License-Identifier: MIT
#pragma once

/// Repeats what fails for the moment, with growing random waits in between.

#include <bight/deadline.hpp>
#include <bight/machinery/callback.hpp>
#include <bight/task.hpp>

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace bight {

/// What retry() repeats, how often, and how long it waits. The waits grow: `wait_first`, then
/// `factor` times more each, up to `wait_max`.
struct retry_policy {
  /// Whether a later attempt may succeed: no connection, a connection that ended early, a timeout,
  /// name servers that did not answer.
  [[nodiscard]] static bool is_transient(const error& e);

  std::size_t attempts_max = 5;  ///< with the first one; at least 1
  duration time_max = 1min;      ///< limit for all attempts and waits together
  duration wait_first = 100ms;
  duration wait_max = 10s;
  double factor = 2;
  /// The part of each wait that is random, 0 to 1, so that clients that failed together do not
  /// return together. With 0.5, a wait of 1 s is a time between 0.5 s and 1 s.
  double jitter = 0.5;
  /// Which errors are repeated. `cancelled` never is.
  machinery::callback<bool(const error&)> repeats = &retry_policy::is_transient;
  /// Called before each wait, with the error and the wait.
  machinery::callback<void(const error&, duration)> on_retry = {};
};

namespace machinery {

/// Counts attempts, and decides about the next one.
class retry_attempts {
 public:
  retry_attempts(retry_policy policy, context& c);
  /// What is left of the total time.
  [[nodiscard]] duration time_left() const noexcept;
  /// Returns how long to wait before the next attempt. Throws `e` if there is none.
  [[nodiscard]] duration failed(const error& e);

 private:
  [[nodiscard]] duration draw_wait();

  retry_policy policy_;
  context& context_;
  time_point end_;
  std::size_t attempts_ = 0;
  double wait_ns_;
};

template <class F>
using retried = std::remove_cvref_t<decltype(std::declval<F&>()())>;

}  // namespace machinery

/// Calls `f()` and awaits what it returns, until that succeeds.
///
///     retry_policy policy;
///     policy.attempts_max = 10;
///     auto connect = []() -> task<tcp::stream> { co_return co_await tcp::connect("db:5432"); };
///     auto peer = co_await retry(policy, connect);
///
/// f        kept until the end, so it may capture; called once for each attempt. For a limit of
///          each attempt, return `within(5s, …)`.
/// returns  what the first successful attempt returns.
/// errors   the error of the last attempt. timed_out if `time_max` interrupted it. Exceptions other
///          than bight::error are not repeated.
/// cancel   cancels the attempt or the wait.
template <class F>
  requires awaitable<machinery::retried<F>>
task<typename machinery::retried<F>::value_type> retry(retry_policy policy, F f) {
  machinery::retry_attempts tries(std::move(policy), co_await current_context());
  for (;;) {
    auto outcome = co_await attempt(within(tries.time_left(), f()));
    if (outcome) {
      if constexpr (std::is_void_v<typename machinery::retried<F>::value_type>)
        co_return;
      else
        co_return *std::move(outcome);
    }
    const duration wait = tries.failed(outcome.error());
    co_await sleep(wait);
  }
}

}  // namespace bight
