// SPDX-License-Identifier: MIT
#pragma once

/// What the promises of all tasks have in common.

#include <bight/context.hpp>

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>

namespace bight {
class scope;
template <class T>
class task;
}  // namespace bight

namespace bight::machinery {

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
  friend class bight::task;
  friend class bight::scope;

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

}  // namespace bight::machinery
