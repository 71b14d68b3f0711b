// SPDX-License-Identifier: MIT
#pragma once

/// How a waiting operation is notified that its context has stopped.

#include <bight/machinery/scheduler.hpp>

namespace bight::machinery {

/// A node in a ring: the head or a linked element.
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
  /// Links in two steps: first the place, then the time.
  void link_later(ring_link& head) noexcept { previous = &head; }
  void link_now() noexcept { link_last(*previous); }
  void unlink() noexcept {
    if (previous == nullptr) return;
    previous->next = next;
    next->previous = previous;
    previous = next = nullptr;
  }
  /// Unlinks a node that is not used again. Does not check: the node must have been linked, at
  /// least until its context stopped.
  void unlink_for_good() const noexcept {
    previous->next = next;
    next->previous = previous;
  }
};

/// Calls on_stop when its context stops. Linked while the operation waits.
struct stop_hook : ring_link {
  void (*on_stop)(stop_hook&);

  stop_hook() noexcept : on_stop(nullptr) {}
  explicit stop_hook(set_later later) noexcept : ring_link(later) {}
};

}  // namespace bight::machinery
