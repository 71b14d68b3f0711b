// SPDX-License-Identifier: MIT
#include <bight/queue.hpp>

#include "base/check.hpp"
#include "base/names.hpp"

namespace bight {

namespace {
constexpr const char* elsewhere = "a queue is used on a thread or loop other than its own";
}

queue_lines::queue_lines(std::size_t most) noexcept
    : slots(most, elsewhere), items(0, elsewhere), capacity(most) {
  check(capacity > 0, "a queue has a capacity of at least 1");
}

queue_lines::~queue_lines() {
  check(!slots.is_waited_for() && !items.is_waited_for(),
        "a queue is destroyed while a task waits for it");
}

void queue_lines::close(bool empty) noexcept {
  slots.check_thread();
  items.check_thread();
  closed = true;
  slots.dismiss();
  // Not while an item is promised: it comes back if its task is cancelled.
  if (empty) items.dismiss();
}

void queue_lines::popped(bool was_last) noexcept {
  slots.add(1);
  if (closed && was_last) items.dismiss();
}

error queue_lines::closed_error() { return error(errc::closed, "push", 0, "the queue is closed"); }

}  // namespace bight
