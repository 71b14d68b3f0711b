// SPDX-License-Identifier: MIT
#pragma once

/// The common part of all task promises.

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

/// Allocates coroutine frames from a per-thread free list.
void* frame_allocate(std::size_t size);
void frame_free(void* frame, std::size_t size) noexcept;

/// The type-independent part of a task's promise.
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

  // Called when a child of a scope has ended. Frees its frame and returns the coroutine to resume.
  static std::coroutine_handle<> finish_child(std::coroutine_handle<> h, promise_base& p) noexcept;

  // Ends the program: the task cannot be started.
  [[noreturn]] static void refuse_start() noexcept;

  static constexpr std::uintptr_t of_scope = 1;

  context* context_ = nullptr;
  // What to resume at the end: the awaiting coroutine, or the scope of this child, marked with
  // of_scope; 0 until started. One word for both, because every waiting coroutine has one.
  std::uintptr_t then_ = 0;
  std::exception_ptr exception_;
};

}  // namespace bight::machinery
