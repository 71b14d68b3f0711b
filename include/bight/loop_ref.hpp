// SPDX-License-Identifier: MIT
#pragma once

/// A reference to a loop that any thread may hold, and what another thread can do with it.

#include <bight/scope.hpp>

#include <concepts>
#include <coroutine>
#include <type_traits>
#include <utility>

namespace bight {

namespace machinery {

class mailbox;

/// Shares the ownership of a loop's mailbox. Copies may be in several threads.
class mailbox_ref {
 public:
  mailbox_ref() noexcept = default;
  /// Takes over one count of `m`.
  explicit mailbox_ref(mailbox* m) noexcept : to_(m) {}
  mailbox_ref(const mailbox_ref& other) noexcept;
  mailbox_ref(mailbox_ref&& other) noexcept : to_(std::exchange(other.to_, nullptr)) {}
  mailbox_ref& operator=(mailbox_ref other) noexcept {
    std::swap(to_, other.to_);
    return *this;
  }
  ~mailbox_ref();

  [[nodiscard]] mailbox* get() const noexcept { return to_; }
  [[nodiscard]] mailbox* operator->() const noexcept { return to_; }
  [[nodiscard]] explicit operator bool() const noexcept { return to_ != nullptr; }

 private:
  mailbox* to_ = nullptr;
};

[[nodiscard]] bool post_task(const mailbox_ref& to, task<> work);
[[nodiscard]] bool begin_hold(const mailbox_ref& to) noexcept;
void end_hold(const mailbox_ref& to) noexcept;

/// Whatever `f` returns, a task<> is awaited, and any other value is discarded.
template <class F>
task<> run_posted(F f) {
  if constexpr (std::same_as<std::invoke_result_t<F&>, task<>>)
    co_await f();
  else
    static_cast<void>(f());
  co_return;
}

}  // namespace machinery

/// Keeps a loop running although its first task has ended, so that others can still post to it.
/// Move-only; the destructor lets the loop end.
///
/// threads  may be used and destroyed in any thread, by one at a time.
class loop_hold {
 public:
  loop_hold() noexcept = default;
  loop_hold(loop_hold&&) noexcept = default;
  loop_hold& operator=(loop_hold&& other) noexcept {
    loop_hold taken(std::move(other));
    std::swap(of_, taken.of_);
    return *this;
  }
  ~loop_hold() {
    if (of_) machinery::end_hold(of_);
  }

  /// Whether it holds a loop: false if the loop had ended.
  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(of_); }

 private:
  friend class loop_ref;
  explicit loop_hold(machinery::mailbox_ref of) noexcept : of_(std::move(of)) {}

  machinery::mailbox_ref of_;
};

/// A reference to a running loop. Copyable, and valid for ever: after the loop's end every call
/// says so.
///
///     auto here = co_await current_loop();
///     std::thread([here] { here.post([] { print("in the loop's thread"); }); }).detach();
///
/// A loop ends when the task of run() and the posted tasks have ended, and nobody holds it. From
/// then on it refuses posts, and runs those that it has accepted. A reference alone does not keep
/// it running. It belongs to one run(): in the next run() of the same runner, current_loop()
/// returns another reference.
///
/// threads  any; all members may be called concurrently.
class loop_ref {
 public:
  /// Refers to no loop, as if to one that has ended.
  loop_ref() noexcept = default;
  explicit loop_ref(machinery::mailbox_ref to) noexcept : to_(std::move(to)) {}

  /// Runs `f()` in the loop's thread, soon. If it returns a task<>, that runs on the loop. The
  /// posts of one thread start in order.
  ///
  /// f        moved, and destroyed in the loop's thread once it has run.
  /// returns  false if the loop has ended: `f` was destroyed and will not run. If true, `f` runs,
  ///          and the loop does not end before it has.
  /// errors   std::bad_alloc; nothing was posted then. An exception from `f` is an error of run(),
  ///          as from any other child of its task: it stops the others.
  /// cancel   a task that is posted is stopped with the task of run().
  template <std::move_constructible F>
    requires std::invocable<F&>
  bool post(F f) const {
    return machinery::post_task(to_, machinery::run_posted(std::move(f)));
  }

  /// Keeps the loop running until the hold is destroyed. The hold is empty if the loop has ended.
  [[nodiscard]] loop_hold hold() const noexcept {
    return machinery::begin_hold(to_) ? loop_hold(to_) : loop_hold();
  }

  /// For operations between loops.
  [[nodiscard]] const machinery::mailbox_ref& mailbox() const noexcept { return to_; }

 private:
  machinery::mailbox_ref to_;
};

namespace machinery {
[[nodiscard]] mailbox_ref mailbox_of(context& c);
}

/// `co_await current_loop()` returns a reference to the loop that runs the coroutine. Does not
/// wait.
///
/// errors  std::bad_alloc.
class [[nodiscard]] current_loop {
 public:
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <machinery::has_context Promise>
  bool await_suspend(std::coroutine_handle<Promise> h) {
    loop_ = loop_ref(machinery::mailbox_of(h.promise().current_context()));
    return false;
  }
  [[nodiscard]] loop_ref await_resume() noexcept { return std::move(loop_); }

 private:
  loop_ref loop_;
};

}  // namespace bight
