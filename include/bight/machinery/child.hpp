// SPDX-License-Identifier: MIT
#pragma once

/// The context of one child of a scope, and what the scope shares with the child's handle.

#include <bight/event.hpp>
#include <bight/task.hpp>

#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace bight::machinery {

/// Replaces void, which a tuple or a variant cannot hold, by std::monostate.
template <class T>
using regular = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

template <awaitable A>
task<> store(A operation, std::optional<regular<typename A::value_type>>& into) {
  if constexpr (std::is_void_v<typename A::value_type>) {
    co_await std::move(operation);
    into.emplace();
  } else {
    into.emplace(co_await std::move(operation));
  }
}

/// The context of one child, which handles the end of that child itself.
class child_context : public context {
 public:
  explicit child_context(context& parent) noexcept : context(parent) { on_stop = stop_child; }
  /// Called when the child has ended; `e` is its error, or null. Destroys the child's frame, and
  /// may destroy this object. Returns the error that the scope handles, or null.
  virtual std::exception_ptr child_ended(std::coroutine_handle<> frame,
                                         std::exception_ptr e) noexcept = 0;

 protected:
  ~child_context() = default;
  /// Called before the parent stops this context.
  virtual void stopping() noexcept {}

 private:
  static void stop_child(stop_hook& self) {
    auto& child = static_cast<child_context&>(self);
    child.stopping();
    child.stop();
  }
};

/// The context and the outcome of a spawned child. Owned by the child until it ends, and by the
/// handles.
class spawned : public child_context {
 public:
  explicit spawned(context& parent) noexcept : child_context(parent) {}
  static void* operator new(std::size_t size) { return frame_allocate(size); }
  static void operator delete(void* at, std::size_t size) noexcept { frame_free(at, size); }

  std::exception_ptr child_ended(std::coroutine_handle<> frame,
                                 std::exception_ptr e) noexcept final;
  /// Stops the child. Its cancellation is then no error of the scope.
  void cancel() noexcept;
  /// Throws the child's error, if it has one.
  void check_outcome() const {
    if (failure_ != nullptr) std::rethrow_exception(failure_);
  }

  [[noreturn]] static void refuse_second_join() noexcept;

  event ended;

  void keep() noexcept { ++owners_; }
  void drop() noexcept {
    if (--owners_ == 0) delete this;
  }

 protected:
  virtual ~spawned() = default;

 private:
  std::exception_ptr failure_;
  unsigned owners_ = 0;
  bool cancelled_ = false;
};

template <class T>
class spawned_with : public spawned {
 public:
  using spawned::spawned;
  std::optional<regular<T>> value;
};

/// Shares the ownership of a spawned child's state.
template <class T>
class spawned_ref {
 public:
  explicit spawned_ref(spawned_with<T>& s) noexcept : state_(&s) { s.keep(); }
  // No move: a handle that was moved from can still be used.
  spawned_ref(const spawned_ref& other) noexcept : spawned_ref(*other.state_) {}
  spawned_ref& operator=(spawned_ref other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~spawned_ref() { state_->drop(); }
  [[nodiscard]] spawned_with<T>* get() const noexcept { return state_; }

 private:
  spawned_with<T>* state_;
};

/// See child::join.
template <class T>
class [[nodiscard]] join_child_operation : public awaits<join_child_operation<T>> {
 public:
  using value_type = T;
  explicit join_child_operation(spawned_ref<T> of) noexcept
      : of_(std::move(of)), waiting_(of_.get()->ended) {}

  bool start(std::coroutine_handle<> h, context& c) { return waiting_.start(h, c); }
  T get() {
    waiting_.take().value();
    of_.get()->check_outcome();
    if constexpr (!std::is_void_v<T>) {
      if (!of_.get()->value) [[unlikely]]
        spawned::refuse_second_join();
      T value = *std::move(of_.get()->value);
      of_.get()->value.reset();
      return value;
    }
  }
  [[nodiscard]] result<T> take() {
    try {
      if constexpr (std::is_void_v<T>) {
        get();
        return {};
      } else {
        return get();
      }
    } catch (const error& e) {  // the scope has the same one, so it is copied
      return e;
    }
  }

 private:
  spawned_ref<T> of_;
  event::wait_operation waiting_;
};

/// spawn() without a handle: it allocates nothing beside the child's frame.
struct no_handle {};

}  // namespace bight::machinery
