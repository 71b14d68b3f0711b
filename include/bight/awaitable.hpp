// SPDX-License-Identifier: MIT
#pragma once

/// What can be awaited, given a deadline, raced or attempted.

#include <bight/context.hpp>
#include <bight/result.hpp>

#include <concepts>
#include <coroutine>

namespace bight {

/// What every operation of Bight offers to `within`, `attempt`, `all` and `race`:
///
/// start(h, c)  begins in context `c` and arranges that `h` is resumed; false (or a handle to run
///              next) says what the awaiting coroutine does now.
/// take()       the outcome, once.
template <class A>
concept awaitable = requires(A& a, std::coroutine_handle<> h, context& c) {
  typename A::value_type;
  a.start(h, c);
  { a.take() } -> std::same_as<result<typename A::value_type>>;
};

}  // namespace bight
