// SPDX-License-Identifier: MIT
#include "engine/readiness/readiness.hpp"

#include <bight/machinery/scheduler.hpp>

#include <cerrno>
#include <new>

#include <unistd.h>

namespace bight::readiness {

namespace {

bool sends(const op& o) noexcept {
  return o.what == verb::send || o.what == verb::connect || o.what == verb::write;
}

}  // namespace

readiness_engine::readiness_engine() { start_watching(); }

readiness_engine::~readiness_engine() {
  if (in_child()) return;  // the epoll belongs to the parent
  stop_watching();
  sockets_.for_each([this](handle h) { close(h, ending::in_order); });
}

bool readiness_engine::submit_other_send(op& o, socket& s) {
  if (s.takes_datagrams() && o.what == verb::send && s.writable) {
    queue_send(o, s);
    return false;
  }
  if (s.senders.empty()) {
    const bool may_try = o.what == verb::write ? never_waits(s) : s.writable;
    if (may_try && try_other_send(o, s) == outcome::done) return finish_at_once(o, s);
  } else if (!s.takes_datagrams()) {
    return refuse(o, errc::busy);
  }
  return wait_to_send(o, s);
}

bool readiness_engine::wait_to_send(op& o, socket& s) {
  s.send_waited = true;
  hold(o);
  s.senders.push(o);
  if (!s.registered) wait_for_event(o, s);
  return false;
}

bool readiness_engine::never_waits(socket& s) noexcept {
  if (s.can_poll == polled::unknown) static_cast<void>(watch_other(s, false, false));
  return s.can_poll == polled::no;
}

// Requests the events of an adopted descriptor.
std::error_code readiness_engine::watch_other(socket& s, bool read, bool write) noexcept {
  const auto failed = poller_.set_levels(s.fd, read, write, true);
  if (!failed) {
    s.can_poll = polled::yes;
    s.level_triggered = true;
  } else if (failed.value() == EPERM) {
    s.can_poll = polled::no;  // a file: epoll_ctl(2)
  }
  return failed;
}

void readiness_engine::wait_for_event(op& o, socket& s) noexcept {
  if (o.what == verb::read || o.what == verb::write)
    return refused(o, s, watch_other(s, s.has_waiting_receiver(), !s.senders.empty()));
  if (!s.busy) return register_edges(o, s);
  try {
    busy_.push_back(s.fd);
  } catch (const std::bad_alloc&) {
    register_edges(o, s);
  }
}

void readiness_engine::register_edges(op& o, socket& s) noexcept {
  // Not for datagrams: each one that is sent makes room, and would wake the loop.
  s.watches_room = !s.takes_datagrams();
  const auto failed = poller_.add_edges(s.fd, s.watches_room);
  s.registered = !failed;
  refused(o, s, failed);
}

// If the poller refuses its descriptor, `o` cannot wait and fails. The next operation tries the
// socket before it waits.
void readiness_engine::refused(op& o, socket& s, std::error_code failed) noexcept {
  if (!failed) return;
  s.readable = s.writable = true;
  if (s.receiver != &o) unqueue(s.senders, o);
  finish(o, failed);
}

// Returns false if the poller refuses the socket.
bool readiness_engine::watch_for_room(socket& s) noexcept {
  if (s.watches_room) return true;
  s.watches_room = !(s.registered ? poller_.add_room(s.fd) : poller_.add_edges(s.fd, true));
  s.registered = s.registered || s.watches_room;
  s.busy = s.busy && !s.registered;
  return s.watches_room;
}

void readiness_engine::cancel(op& o) noexcept {
  check_process();
  if (!o.takes() && !sends(o)) return cancel_other(o);
  if (o.engine_state != state_waiting) return;  // already complete
  socket& s = *sockets_.find(o.on.index);
  if (s.receiver == &o)
    s.receiver = nullptr;
  else
    unqueue(s.senders, o);
  finish(o, errc::cancelled);
}

void readiness_engine::wait(time_point until) {
  begin_turn();
  duration limit = limit_of_wait(until);
  // Queued datagrams are sent first. Their senders run before the poller is asked, but not twice in
  // a row, so that other sockets get their turn.
  const bool sent = !sending_.empty() && send_queued();
  skipped_poll_ = sent && !skipped_poll_;
  if (skipped_poll_) return sched().advance(now());
  if (try_busy() || sent || !sending_.empty()) limit = 0ns;
  if (!poller_.has_events()) poller_.wait(limit);
  sched().advance(now());
  collect();
}

// An event of a watcher's or an adopted descriptor.
void readiness_engine::collect_level(ready_event e, socket& s) {
  for (posix::watcher* w : watchers_)
    if (w->fd == e.fd) return w->ready(*w, e.readable(), e.writable());
  // The descriptor may block, so only this event counts.
  s.readable = e.readable();
  s.writable = e.writable();
  if (s.has_waiting_receiver() && s.readable) serve_receiver(s);
  if (!s.senders.empty() && s.writable) serve_senders(s);
  // Its one-shot registration has ended.
  const bool reads = s.has_waiting_receiver();
  const bool writes = !s.senders.empty();
  if (!reads && !writes) return;
  const auto failed = watch_other(s, reads, writes);
  if (!failed) return;
  if (reads) refused(*s.receiver, s, failed);
  while (runnable* first = s.senders.pop()) refused(static_cast<op&>(*first), s, failed);
}

void readiness_engine::drop_waiting(socket& s) noexcept {
  if (s.receiver != nullptr) cancel(*s.receiver);
  while (runnable* first = s.senders.pop()) finish(static_cast<op&>(*first), errc::cancelled);
}

void readiness_engine::disown() noexcept {
  kernel_engine::disown();
  sockets_.hide();
}

bool readiness_engine::has_unread(const posix::socket& s) const noexcept {
  return static_cast<const socket&>(s).readable || s.has_arrivals();
}

void readiness_engine::close(handle h, ending how) noexcept {
  socket* const s = find(h);
  if (s == nullptr) return;
  if (in_child()) return close_in_child(*s);
  drop_waiting(*s);
  if (s->kind == posix::socket_kind::adopted) {
    poller_.remove(s->fd);
  } else {
    before_close(*s, how, false);
    poller_.forget(s->fd);
    ::close(s->fd);  // this also removes it from the epoll
  }
  s->leave();
  s->renew();
}

void readiness_engine::watch(posix::watcher& w) {
  socket& s = place(w.fd);
  s.renew();
  const bool wanted = w.wants_read || w.wants_write;
  std::erase(watchers_, &w);
  if (wanted) watchers_.push_back(&w);
  s.level_triggered = wanted;
  const std::error_code failed = poller_.set_levels(w.fd, w.wants_read, w.wants_write, false);
  if (failed && wanted) throw std::system_error(failed, "watch a descriptor");
}

std::string readiness_engine::features() const { return "edge-triggered, registered when needed"; }

std::unique_ptr<engine> readiness_engine::another() const { return make_readiness(); }

std::unique_ptr<engine> make_readiness() { return std::make_unique<readiness_engine>(); }

}  // namespace bight::readiness
