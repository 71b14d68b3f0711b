// SPDX-License-Identifier: MIT
#pragma once

/// Where a task belongs: its scheduler, and its place in the tree of cancellation.
///
/// A task inherits the context of the coroutine that awaits it, so programs pass neither loops nor
/// stop tokens about. Scopes, deadlines, `all` and `any` each open a context below their own.

#include <bight/scheduler.hpp>

#include <coroutine>
#include <cstdint>

namespace bight {

/// A place in a ring: of its head, or of what is linked there.
struct ring_link {
  ring_link* previous;
  ring_link* next;

  ring_link() noexcept : previous(nullptr), next(nullptr) {}
  explicit ring_link(set_later) noexcept {}

  void make_head() noexcept { previous = next = this; }
  void link_last(ring_link& head) noexcept {
    previous = head.previous;
    next = &head;
    head.previous->next = this;
    head.previous = this;
  }
  /// The same in two steps: where, and when.
  void link_later(ring_link& head) noexcept { previous = &head; }
  void link_now() noexcept { link_last(*previous); }
  void unlink() noexcept {
    if (previous == nullptr) return;
    previous->next = next;
    next->previous = previous;
    previous = next = nullptr;
  }
  /// The same of what has been linked and will not be looked at again. Asks nothing: it must have
  /// been linked, if only until its context stopped.
  void unlink_for_good() const noexcept {
    previous->next = next;
    next->previous = previous;
  }
};

/// Something that is told when its context stops. Linked while it waits.
struct stop_hook : ring_link {
  void (*on_stop)(stop_hook&);

  stop_hook() noexcept : on_stop(nullptr) {}
  explicit stop_hook(set_later later) noexcept : ring_link(later) {}
};

/// One node of the tree. Must not move; outlives every task that runs in it.
class context : protected stop_hook {
 public:
  /// The root of a tree.
  explicit context(scheduler& s) noexcept;
  /// A node below `parent`; stopped at once when the parent has been.
  explicit context(context& parent) noexcept;
  context(const context&) = delete;
  context& operator=(const context&) = delete;
  ~context() { unlink(); }

  [[nodiscard]] scheduler& sched() const noexcept { return *scheduler_; }
  [[nodiscard]] bool stop_requested() const noexcept { return stopped_; }

  /// The number of the server, among those of its loop, whose session runs in this context; 0:
  /// none. Inherited by the contexts below. See until_drain().
  [[nodiscard]] std::uint32_t server_number() const noexcept { return server_number_; }
  void set_server_number(std::uint32_t number) noexcept { server_number_ = number; }

  /// Asks everything that waits in this context and below to end. They end in their turn, each with
  /// errc::cancelled unless its result was there already; nothing is resumed from inside here.
  void stop() noexcept;

  /// Calls the hook's on_stop once when this context stops, unless it is unlinked before.
  void link(stop_hook& h) noexcept { h.link_last(hooks_); }
  /// The same once link_now() is called.
  void link_later(stop_hook& h) noexcept { h.link_later(hooks_); }

 private:
  scheduler* scheduler_;
  ring_link hooks_;  // hooks_.next is the first
  bool stopped_ = false;
  std::uint32_t server_number_ = 0;  // beside stopped_, where it takes no room
};

/// A coroutine that Bight's awaitables can be used in: one that knows its context.
template <class Promise>
concept has_context = requires(Promise& p) {
  { p.current_context() } -> std::same_as<context&>;
};

/// `co_await current_context()` gives the context that the coroutine runs in. Does not wait.
class [[nodiscard]] current_context {
 public:
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <has_context Promise>
  bool await_suspend(std::coroutine_handle<Promise> h) noexcept {
    context_ = &h.promise().current_context();
    return false;
  }
  [[nodiscard]] context& await_resume() const noexcept { return *context_; }

 private:
  context* context_ = nullptr;
};

}  // namespace bight
