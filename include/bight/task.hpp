// SPDX-License-Identifier: MIT
#pragma once

/// The coroutine type of Bight.
///
/// A task starts when it is awaited, can be awaited once, and runs in the context of the coroutine
/// that awaits it. Awaiting transfers control without growing the stack, so a million awaits that
/// complete at once are as safe as one (g++ needs -foptimize-sibling-calls below -O2; the CMake
/// target and bight.pc set it).

#include <bight/machinery/attributes.hpp>
#include <bight/machinery/awaits.hpp>
#include <bight/machinery/promise.hpp>
#include <bight/result.hpp>

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace bight {

/// A coroutine that returns a T. Move-only; destroying a task that has not started has no effect.
/// It can be awaited, spawned or run once, and not after it was moved from (asserted).
template <class T = void>
class [[nodiscard]] BIGHT_CORO task : public machinery::awaits<task<T>> {
 public:
  using value_type = T;
  class promise_type;

  task(task&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  /// Destroys the coroutine that it held before.
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
      machinery::promise_base::refuse_start();
    machinery::promise_base& p = frame_.promise();
    p.context_ = &c;
    p.then_ = reinterpret_cast<std::uintptr_t>(waiter.address());
    return frame_;
  }

  /// Returns the value or throws the exception of the coroutine.
  T get() {
    auto& p = frame_.promise();
    if (p.exception_) std::rethrow_exception(std::exchange(p.exception_, nullptr));
    if constexpr (!std::is_void_v<T>) return std::move(*p.value_);
  }

  /// Returns the value or the error. Exceptions that are not bight::error are thrown.
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
  // False after a move and after the task has started.
  [[nodiscard]] bool startable() const noexcept { return frame_ && frame_.promise().then_ == 0; }
  // Takes the error and destroys the frame, marking it as failed: streams in it are reset.
  [[nodiscard]] std::exception_ptr fail() noexcept {
    const auto frame = std::exchange(frame_, nullptr);
    machinery::promise_base& p = frame.promise();
    std::exception_ptr e = std::move(p.exception_);
    const machinery::scheduler::failing streams(p.context_->sched());
    frame.destroy();
    return e;
  }

  explicit task(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}

  std::coroutine_handle<promise_type> frame_;
};

template <class T>
class task<T>::promise_type : public machinery::promise_base {
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
class task<void>::promise_type : public machinery::promise_base {
 public:
  [[nodiscard]] task get_return_object() noexcept {
    return task(std::coroutine_handle<promise_type>::from_promise(*this));
  }
  void return_void() const noexcept {}
};

}  // namespace bight
