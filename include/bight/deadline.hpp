// SPDX-License-Identifier: MIT
#pragma once

/// Deadlines around any operation, errors as values, and sleep.

#include <bight/machinery/deadline.hpp>

#include <utility>

namespace bight {

/// Gives `operation` that much time, whatever it is: a read, a connect with its name look-up, a
/// whole session.
///
///     co_await within(5s, peer.recv())
///
/// wait    0 or less: what is there already is given, and nothing is waited for.
/// errors  errc::timed_out when the time is over; a cancellation from outside stays
///         errc::cancelled. A result that was complete in time is never thrown away.
/// cancel  as the operation: no byte is lost to a deadline.
template <awaitable A>
[[nodiscard]] machinery::within_operation<A> within(duration wait, A operation BIGHT_BORROWS) {
  return {wait, std::move(operation)};
}

/// Gives the outcome of `operation` as a result instead of throwing: the way to write code in
/// which failure is ordinary. An operation of Bight's own then throws nothing at all inside.
///
///     auto said = co_await attempt(peer.recv());
///     if (!said) …said.error()…
///
/// errors  exceptions that are not bight::error, from a user's own task, pass through.
template <awaitable A>
[[nodiscard]] machinery::attempt_operation<A> attempt(A operation BIGHT_BORROWS) {
  return machinery::attempt_operation<A>(std::move(operation));
}

/// Waits for that long: `co_await sleep(1s)`. Zero or less lets the others run once.
///
/// errors  errc::cancelled when the context is stopped meanwhile.
[[nodiscard]] inline machinery::sleep_operation sleep(duration wait) noexcept {
  return machinery::sleep_operation(wait);
}

}  // namespace bight
