// SPDX-License-Identifier: MIT
#pragma once

/// The concept of an operation that can be awaited, and used in `within`, `attempt`, `all`, `race`.

#include <bight/context.hpp>
#include <bight/result.hpp>

#include <concepts>
#include <coroutine>

namespace bight {

/// The interface of every Bight operation, as used by `within`, `attempt`, `all` and `race`:
///
/// start(h, c)  starts the operation in context `c`. Returns what await_suspend returns: true if
///              `h` is resumed later, false if the operation is complete and `h` continues at
///              once, or the handle of the coroutine to run next.
/// take()       returns the outcome. Called once, after completion.
template <class A>
concept awaitable = requires(A& a, std::coroutine_handle<> h, context& c) {
  typename A::value_type;
  a.start(h, c);
  { a.take() } -> std::same_as<result<typename A::value_type>>;
};

}  // namespace bight
