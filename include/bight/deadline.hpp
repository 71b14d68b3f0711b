// SPDX-License-Identifier: MIT
#pragma once

/// Deadlines for any operation, errors as values, sleep, and the time.

#include <bight/machinery/deadline.hpp>

#include <utility>

namespace bight {

/// Limits how long `operation` may take: a read, a connect including its name lookup, a whole
/// session.
///
///     co_await within(5s, peer.recv())
///
/// wait    0 or less: returns a result that is already available, without waiting.
/// errors  errc::timed_out when the deadline passes. Cancellation from outside is still
///         errc::cancelled. A result that is complete in time is never discarded.
/// cancel  as for the operation. A deadline around a recv loses no bytes.
template <awaitable A>
[[nodiscard]] machinery::within_operation<A> within(duration wait, A operation BIGHT_BORROWS) {
  return {wait, std::move(operation)};
}

/// Returns the outcome of `operation` as a result instead of throwing. Use it where failures are
/// common: Bight's operations then do not throw internally either.
///
///     auto bytes = co_await attempt(peer.recv());
///     if (!bytes) …bytes.error()…
///
/// errors  exceptions other than bight::error, from the program's tasks, pass through.
template <awaitable A>
[[nodiscard]] machinery::attempt_operation<A> attempt(A operation BIGHT_BORROWS) {
  return machinery::attempt_operation<A>(std::move(operation));
}

/// Waits for the given time: `co_await sleep(1s)`. Zero or less lets all other ready tasks run
/// once.
///
/// errors  errc::cancelled if the context is stopped.
[[nodiscard]] inline machinery::sleep_operation sleep(duration wait) noexcept {
  return machinery::sleep_operation(wait);
}

/// Lets all other ready tasks run once, and the loop look for input. For long computations:
/// `co_await yield()` now and then.
///
/// errors  errc::cancelled if the context is stopped.
[[nodiscard]] inline machinery::yield_operation yield() noexcept { return {}; }

/// Returns the loop's time: `const time_point start = co_await now()`. Does not wait. Constant
/// until the task waits for something; see context::now().
[[nodiscard]] inline machinery::now_operation now() noexcept { return {}; }

}  // namespace bight
