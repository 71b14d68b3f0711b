// SPDX-License-Identifier: MIT
#pragma once

/// How an operation of Bight is awaited.

#include <bight/awaitable.hpp>

#include <concepts>
#include <coroutine>
#include <type_traits>
#include <utility>

namespace bight::machinery {

/// The await protocol on top of start() and take(). An operation that has it from here, by
/// deriving, is its own awaiter: the coroutine's frame need not keep where it is.
template <class A>
class awaits {
 public:
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <has_context Promise>
  auto await_suspend(std::coroutine_handle<Promise> h) {
    return self().start(h, h.promise().current_context());
  }
  template <class Self = A>  // whose members are known only when it is complete
  typename Self::value_type await_resume() {
    if constexpr (requires { self().get(); })  // throws what it holds, without a detour by result
      return self().get();
    else if constexpr (std::is_void_v<typename Self::value_type>)
      self().take().value();
    else
      return std::move(self().take()).value();
  }

 private:
  [[nodiscard]] A& self() noexcept { return static_cast<A&>(*this); }
};

/// The same for any other, by reference.
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

// g++ would move the operation to a second place in the frame.
#if defined(__clang__)
inline constexpr bool awaits_in_place = true;
#else
inline constexpr bool awaits_in_place = false;
#endif

}  // namespace bight::machinery

namespace bight {

// For rvalues only: an operation borrows its arguments, so it is awaited where it is written.
template <awaitable A>
  requires(!std::is_lvalue_reference_v<A>)
[[nodiscard]] decltype(auto) operator co_await(A&& a) noexcept {
  if constexpr (machinery::awaits_in_place && std::derived_from<A, machinery::awaits<A>>)
    return static_cast<A&&>(a);
  else
    return machinery::awaiter<A>(a);
}
template <awaitable A>
void operator co_await(A& a) = delete;  // await it where it is written, or std::move it

namespace machinery {
using bight::operator co_await;  // for those whose only link to Bight is what they derive from
}

}  // namespace bight
