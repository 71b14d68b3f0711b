// SPDX-License-Identifier: MIT
#pragma once

/// Where a task belongs: its scheduler, and its place in the tree of cancellation.
///
/// A task inherits the context of the coroutine that awaits it, so programs pass neither loops nor
/// stop tokens about. Scopes, deadlines, `all` and `race` each open a context below their own.

#include <bight/machinery/stop_hook.hpp>
#include <bight/time.hpp>

#include <coroutine>
#include <cstdint>

namespace bight {

/// One node of the tree. Must not move; outlives every task that runs in it.
class context : protected machinery::stop_hook {
 public:
  /// The root of a tree.
  explicit context(machinery::scheduler& s) noexcept;
  /// A node below `parent`; stopped at once when the parent has been.
  explicit context(context& parent) noexcept;
  context(const context&) = delete;
  context& operator=(const context&) = delete;
  ~context() { unlink(); }

  /// The time of the loop: when the wait of this turn was over. Reads no clock.
  [[nodiscard]] time_point now() const noexcept { return scheduler_->now(); }
  [[nodiscard]] bool stop_requested() const noexcept { return stopped_; }
  [[nodiscard]] machinery::scheduler& sched() const noexcept { return *scheduler_; }

  /// The number of the server, among those of its loop, whose session runs in this context; 0:
  /// none. Inherited by the contexts below. See until_drain().
  [[nodiscard]] std::uint32_t server_number() const noexcept { return server_number_; }
  void set_server_number(std::uint32_t number) noexcept { server_number_ = number; }

  /// Asks everything that waits in this context and below to end. They end in their turn, each with
  /// errc::cancelled unless its result was there already; nothing is resumed from inside here.
  void stop() noexcept;

  /// Calls the hook's on_stop once when this context stops, unless it is unlinked before.
  void link(machinery::stop_hook& h) noexcept { h.link_last(hooks_); }
  /// The same once link_now() is called.
  void link_later(machinery::stop_hook& h) noexcept { h.link_later(hooks_); }

 private:
  machinery::scheduler* scheduler_;
  machinery::ring_link hooks_;  // hooks_.next is the first
  bool stopped_ = false;
  std::uint32_t server_number_ = 0;  // beside stopped_, where it takes no room
};

namespace machinery {

/// A coroutine that Bight's awaitables can be used in: one that knows its context.
template <class Promise>
concept has_context = requires(Promise& p) {
  { p.current_context() } -> std::same_as<context&>;
};

}  // namespace machinery

/// `co_await current_context()` gives the context that the coroutine runs in. Does not wait.
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
