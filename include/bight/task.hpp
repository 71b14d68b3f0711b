// SPDX-License-Identifier: MIT
#pragma once

/// The coroutine type of Bight.
///
/// A task does nothing until it is awaited, is awaited once, and runs in the context of whoever
/// awaits it. Awaiting transfers control without growing the stack, so a million awaits that
/// complete at once are as safe as one (g++ needs -foptimize-sibling-calls below -O2; the CMake
/// target and bight.pc bring it).

#include <bight/attributes.hpp>
#include <bight/context.hpp>
#include <bight/result.hpp>

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace bight {

class scope;

/// What every operation of Bight offers to `within`, `attempt`, `all` and `any`:
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

namespace detail {
// g++ would move the operation to a second place in the frame.
#if defined(__clang__)
inline constexpr bool awaits_in_place = true;
#else
inline constexpr bool awaits_in_place = false;
#endif
}  // namespace detail

// For rvalues only: an operation borrows its arguments, so it is awaited where it is written.
template <awaitable A>
  requires(!std::is_lvalue_reference_v<A>)
[[nodiscard]] decltype(auto) operator co_await(A&& a) noexcept {
  if constexpr (detail::awaits_in_place && std::derived_from<A, awaits<A>>)
    return static_cast<A&&>(a);
  else
    return awaiter<A>(a);
}
template <awaitable A>
void operator co_await(A& a) = delete;  // await it where it is written, or std::move it

/// Memory of coroutine frames, from a free list of the thread.
void* frame_allocate(std::size_t size);
void frame_free(void* frame, std::size_t size) noexcept;

/// The part of a task's promise that does not depend on its type.
class promise_base {
 public:
  static void* operator new(std::size_t size) { return frame_allocate(size); }
  static void operator delete(void* frame, std::size_t size) noexcept { frame_free(frame, size); }

  [[nodiscard]] context& current_context() const noexcept { return *context_; }

  struct final_awaiter {
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> h) const noexcept {
      promise_base& p = h.promise();
      if ((p.then_ & of_scope) != 0) return finish_child(h, p);
      return std::coroutine_handle<>::from_address(reinterpret_cast<void*>(p.then_));
    }
    void await_resume() const noexcept {}
  };

  [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
  [[nodiscard]] final_awaiter final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { exception_ = std::current_exception(); }

 protected:
  template <class T>
  friend class task;
  friend class scope;

  // A child of a scope has ended: the scope takes note, frees the frame and says who goes on.
  static std::coroutine_handle<> finish_child(std::coroutine_handle<> h, promise_base& p) noexcept;

  // Ends the program: what was started is no task that can begin.
  [[noreturn]] static void refuse_start() noexcept;

  static constexpr std::uintptr_t of_scope = 1;

  context* context_ = nullptr;
  // Who goes on at the end: the coroutine that awaits this one, or the scope whose child it is,
  // with that mark; 0 until it begins. One word for both, as every waiting coroutine has one.
  std::uintptr_t then_ = 0;
  std::exception_ptr exception_;
};

/// A coroutine that gives a T. Move-only; destroyed unrun it does nothing. It can be awaited,
/// spawned or run once, and not after it was moved from (asserted).
template <class T = void>
class [[nodiscard]] BIGHT_CORO task : public awaits<task<T>> {
 public:
  using value_type = T;
  class promise_type;

  task(task&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  /// Destroys the coroutine that it had.
  task& operator=(task&& other) noexcept {
    task taken(std::move(other));
    std::swap(frame_, taken.frame_);
    return *this;
  }
  ~task() {
    if (frame_) frame_.destroy();
  }

  std::coroutine_handle<> start(std::coroutine_handle<> waiter, context& c) noexcept {
    if (!startable()) [[unlikely]]
      promise_base::refuse_start();
    promise_base& p = frame_.promise();
    p.context_ = &c;
    p.then_ = reinterpret_cast<std::uintptr_t>(waiter.address());
    return frame_;
  }

  /// The value, or whatever was thrown.
  T get() {
    auto& p = frame_.promise();
    if (p.exception_) std::rethrow_exception(std::exchange(p.exception_, nullptr));
    if constexpr (!std::is_void_v<T>) return std::move(*p.value_);
  }

  /// The outcome. A failure that is not a bight::error is nobody's to translate: it is thrown.
  [[nodiscard]] result<T> take() {
    auto& p = frame_.promise();
    if (p.exception_) return error_of(fail());
    if constexpr (std::is_void_v<T>)
      return {};
    else
      return std::move(*p.value_);
  }

 private:
  friend class scope;
  // Not one that was moved from, and not one that has begun.
  [[nodiscard]] bool startable() const noexcept { return frame_ && frame_.promise().then_ == 0; }
  // The error without its frame: what dies in there has failed.
  [[nodiscard]] std::exception_ptr fail() noexcept {
    const auto frame = std::exchange(frame_, nullptr);
    promise_base& p = frame.promise();
    std::exception_ptr e = std::move(p.exception_);
    const scheduler::failing streams(p.context_->sched());
    frame.destroy();
    return e;
  }

  explicit task(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}

  std::coroutine_handle<promise_type> frame_;
};

template <class T>
class task<T>::promise_type : public promise_base {
 public:
  [[nodiscard]] task get_return_object() noexcept {
    return task(std::coroutine_handle<promise_type>::from_promise(*this));
  }
  template <class U>
    requires std::constructible_from<T, U>
  void return_value(U&& value) {
    value_.emplace(std::forward<U>(value));
  }

 private:
  friend class task;
  std::optional<T> value_;
};

template <>
class task<void>::promise_type : public promise_base {
 public:
  [[nodiscard]] task get_return_object() noexcept {
    return task(std::coroutine_handle<promise_type>::from_promise(*this));
  }
  void return_void() const noexcept {}
};

}  // namespace bight
