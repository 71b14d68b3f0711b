// SPDX-License-Identifier: MIT
// Watches descriptors for the library itself, by a poll request that is renewed after each
// completion, which makes it level-triggered.

#include "engine/uring/uring_engine.hpp"

#include <cerrno>

#include <poll.h>

namespace bight::uring {

// Lives until its request has completed, longer than its watcher if need be.
struct uring_engine::watch_record {
  posix::watcher* of = nullptr;  // null: forgotten
  int fd = -1;
  unsigned events = 0;
  bool armed = false;
  bool being_called = false;  // the watcher is being called
};

void uring_engine::watch(posix::watcher& w) {
  const unsigned events =
      (w.wants_read ? unsigned{POLLIN} : 0) | (w.wants_write ? unsigned{POLLOUT} : 0);
  auto* record = static_cast<watch_record*>(w.engine_data);
  if (record != nullptr && (events == 0 || record->fd != w.fd)) {
    w.engine_data = nullptr;
    record->of = nullptr;
    if (record->armed)
      cancel_request(about::watching, record);
    else if (!record->being_called)
      delete record;
    record = nullptr;
  }
  if (events == 0) return;
  if (record == nullptr) {
    record = new watch_record{&w, w.fd};
    w.engine_data = record;
  }
  const bool changed = record->events != events;
  record->events = events;
  if (record->armed && changed)
    cancel_request(about::watching, record);  // armed again with the new events
  if (!record->armed && !record->being_called) arm(*record);
}

void uring_engine::arm(watch_record& w) noexcept {
  w.armed = true;
  ++in_kernel_;
  io_uring_prep_poll_add(request(about::watching, &w), w.fd, w.events);
}

void uring_engine::on_watched(watch_record& w, int outcome) {
  w.armed = false;
  if (w.of != nullptr && outcome != -ECANCELED) {
    const unsigned seen = outcome < 0 ? unsigned{POLLERR} : static_cast<unsigned>(outcome);
    const bool readable = (seen & (POLLIN | POLLHUP | POLLERR)) != 0;
    const bool writable = (seen & (POLLOUT | POLLHUP | POLLERR)) != 0;
    w.being_called = true;
    w.of->ready(*w.of, readable, writable);
    w.being_called = false;
  }
  if (w.of == nullptr)
    delete &w;
  else if (outcome >= 0 || outcome == -ECANCELED)
    arm(w);  // any other failure (EBADF) would repeat at once
}

}  // namespace bight::uring
