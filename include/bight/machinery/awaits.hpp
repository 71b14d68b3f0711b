// SPDX-License-Identifier: MIT
#pragma once

/// How operations are awaited.

#include <bight/awaitable.hpp>

#include <concepts>
#include <coroutine>
#include <type_traits>
#include <utility>

namespace bight::machinery {

/// Implements the await protocol with start() and take(). A class that derives from it is its own
/// awaiter, so the coroutine frame stores no separate one.
template <class A>
class awaits {
 public:
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <has_context Promise>
  auto await_suspend(std::coroutine_handle<Promise> h) {
    return self().start(h, h.promise().current_context());
  }
  template <class Self = A>  // the members of A are known only once A is complete
  typename Self::value_type await_resume() {
    if constexpr (requires { self().get(); })  // get() throws directly, without a result
      return self().get();
    else if constexpr (std::is_void_v<typename Self::value_type>)
      self().take().value();
    else
      return std::move(self().take()).value();
  }

 private:
  [[nodiscard]] A& self() noexcept { return static_cast<A&>(*this); }
};

/// The awaiter of any other awaitable, which it refers to.
template <class A>
class awaiter : public awaits<awaiter<A>> {
 public:
  using value_type = typename A::value_type;
  explicit awaiter(A& a) noexcept : a_(a) {}
  auto start(std::coroutine_handle<> h, context& c) { return a_.start(h, c); }
  decltype(auto) get()
    requires requires(A& a) { a.get(); }
  {
    return a_.get();
  }
  auto take() { return a_.take(); }

 private:
  A& a_;
};

// With g++, awaiting in place would move the operation to a second place in the frame.
#if defined(__clang__)
inline constexpr bool awaits_in_place = true;
#else
inline constexpr bool awaits_in_place = false;
#endif

}  // namespace bight::machinery

namespace bight {

// For rvalues only: an operation borrows its arguments, so it must be awaited in the expression
// that creates it.
template <awaitable A>
  requires(!std::is_lvalue_reference_v<A>)
[[nodiscard]] decltype(auto) operator co_await(A&& a) noexcept {
  if constexpr (machinery::awaits_in_place && std::derived_from<A, machinery::awaits<A>>)
    return static_cast<A&&>(a);
  else
    return machinery::awaiter<A>(a);
}
template <awaitable A>
void operator co_await(A& a) = delete;  // await it where it is created, or std::move it

namespace machinery {
using bight::operator co_await;  // found by ADL for types whose only base in Bight is here
}

}  // namespace bight
