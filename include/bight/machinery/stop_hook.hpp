// SPDX-License-Identifier: MIT
#pragma once

/// How whatever waits learns that its context has stopped.

#include <bight/machinery/scheduler.hpp>

namespace bight::machinery {

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

}  // namespace bight::machinery
