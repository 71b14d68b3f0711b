// SPDX-License-Identifier: MIT
#pragma once

/// The context of a task: its scheduler and its node in the cancellation tree.
///
/// A task inherits the context of the coroutine that awaits it, so programs need not pass loops or
/// stop tokens. Scopes, deadlines, `all` and `race` each create a child context.

#include <bight/machinery/stop_hook.hpp>
#include <bight/time.hpp>

#include <coroutine>
#include <cstdint>

namespace bight {

/// A node of the cancellation tree. Must not move, and must outlive every task that runs in it.
class context : protected machinery::stop_hook {
 public:
  /// Creates the root of a tree.
  explicit context(machinery::scheduler& s) noexcept;
  /// Creates a child of `parent`. It starts stopped if the parent is stopped.
  explicit context(context& parent) noexcept;
  context(const context&) = delete;
  context& operator=(const context&) = delete;
  ~context() { unlink(); }

  /// Returns the loop's time: the end of this turn's wait. Does not read a clock.
  [[nodiscard]] time_point now() const noexcept { return scheduler_->now(); }
  [[nodiscard]] bool stop_requested() const noexcept { return stopped_; }
  [[nodiscard]] machinery::scheduler& sched() const noexcept { return *scheduler_; }

  /// Returns the number of the server whose session runs in this context, or 0 if there is none.
  /// Numbers are per loop. Child contexts inherit it. See until_drain().
  [[nodiscard]] std::uint32_t server_number() const noexcept { return server_number_; }
  void set_server_number(std::uint32_t number) noexcept { server_number_ = number; }

  /// Requests cancellation of all operations in this context and its children. Each completes
  /// later with errc::cancelled, or with its result if that was already available. This call
  /// resumes no coroutine.
  void stop() noexcept;

  /// Registers a hook. Its on_stop is called once when this context stops, unless the hook is
  /// unlinked first.
  void link(machinery::stop_hook& h) noexcept { h.link_last(hooks_); }
  /// Prepares the registration of a hook; its link_now() then registers it.
  void link_later(machinery::stop_hook& h) noexcept { h.link_later(hooks_); }

 private:
  machinery::scheduler* scheduler_;
  machinery::ring_link hooks_;  // hooks_.next is the first
  bool stopped_ = false;
  std::uint32_t server_number_ = 0;  // beside stopped_, in what would be padding
};

namespace machinery {

/// A promise type whose coroutine can await Bight's operations: it provides its context.
template <class Promise>
concept has_context = requires(Promise& p) {
  { p.current_context() } -> std::same_as<context&>;
};

}  // namespace machinery

/// `co_await current_context()` returns the context in which the coroutine runs. Does not wait.
class [[nodiscard]] current_context {
 public:
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <machinery::has_context Promise>
  bool await_suspend(std::coroutine_handle<Promise> h) noexcept {
    context_ = &h.promise().current_context();
    return false;
  }
  [[nodiscard]] context& await_resume() const noexcept { return *context_; }

 private:
  context* context_ = nullptr;
};

}  // namespace bight
