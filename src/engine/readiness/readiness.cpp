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

void unqueue(runnable_queue& queue, op& o) noexcept {
  runnable_queue rest;
  while (runnable* r = queue.pop())
    if (r != &o) rest.push(*r);
  queue = std::move(rest);
}

}  // namespace

readiness_engine::readiness_engine() { start_watching(); }

readiness_engine::~readiness_engine() {
  if (in_child()) return;  // the parent's epoll is not ours to change
  stop_watching();
  table_.for_each([this](handle h) { close(h, ending::in_order); });
}

// A call was made and is over. Within the turn's budget the coroutine goes on at once; beyond it,
// it waits for its turn like everybody else.
bool readiness_engine::finish(op& o) noexcept {
  if (at_once_ > 0) {
    --at_once_;
    return true;
  }
  o.begin_waiting();
  complete(o);
  return false;
}

bool readiness_engine::finish_receive(op& o, io& s) noexcept {
  if (at_once_ > 0) {
    --at_once_;
    return true;
  }
  s.receiver = &o;
  o.begin_waiting(s.receiver);
  complete(o);
  return false;
}

bool readiness_engine::submit_other_send(op& o, io& s) {
  if (s.takes_datagrams() && o.what == verb::send && s.writable) {
    send_with_others(o, s);
    return false;
  }
  if (s.senders.empty()) {
    const bool may_try = o.what == verb::write ? never_waits(s) : s.writable;
    if (may_try && try_other_send(o, s) == outcome::done) return finish(o);
  } else if (!s.takes_datagrams()) {
    o.code = errc::busy;
    return true;
  }
  return wait_to_send(o, s);
}

bool readiness_engine::wait_to_send(op& o, io& s) {
  s.send_waited = true;
  hold(o);
  s.senders.push(o);
  if (!s.registered) wait_for_event(o, s);
  return false;
}

bool readiness_engine::never_waits(io& s) noexcept {
  if (s.kept_open == polled::unknown) static_cast<void>(watch_other(s, false, false));
  return s.kept_open == polled::no;
}

// Asks for the events of a descriptor that is not a socket of this loop's.
std::error_code readiness_engine::watch_other(io& s, bool read, bool write) noexcept {
  const auto failed = poller_.set_levels(s.fd, read, write, true);
  if (!failed) {
    s.kept_open = polled::yes;
    s.collected_apart = true;
  } else if (failed.value() == EPERM) {
    s.kept_open = polled::no;  // a file: epoll_ctl(2)
  }
  return failed;
}

void readiness_engine::hold(op& o) noexcept {
  o.engine_state = state_waiting;
  ++waiting_;
  o.begin_waiting();
}

void readiness_engine::wait_for_event(op& o, io& s) noexcept {
  if (o.what == verb::read || o.what == verb::write)
    return refused(o, s, watch_other(s, s.has_waiting_receiver(), !s.senders.empty()));
  if (!s.busy) return enrol(o, s);
  try {
    asking_.push_back(s.fd);
  } catch (const std::bad_alloc&) {
    enrol(o, s);
  }
}

void readiness_engine::enrol(op& o, io& s) noexcept {
  // A datagram that has left makes room, and would wake us up for that each time.
  s.watches_room = !s.takes_datagrams();
  const auto failed = poller_.add_edges(s.fd, s.watches_room);
  s.registered = !failed;
  refused(o, s, failed);
}

// `o` cannot wait when the poller does not take its descriptor. The next one asks the socket itself
// before it waits.
void readiness_engine::refused(op& o, io& s, std::error_code failed) noexcept {
  if (!failed) return;
  o.code = failed;
  s.readable = s.writable = true;
  --waiting_;
  o.engine_state = 0;
  if (s.receiver != &o) unqueue(s.senders, o);
  complete(o);
}

// False: the poller does not take it.
bool readiness_engine::watch_for_room(io& s) noexcept {
  if (s.watches_room) return true;
  s.watches_room = !(s.registered ? poller_.add_room(s.fd) : poller_.add_edges(s.fd, true));
  s.registered = s.registered || s.watches_room;
  s.busy = s.busy && !s.registered;
  return s.watches_room;
}

void readiness_engine::cancel(op& o) noexcept {
  check_process();
  if (!o.takes() && !sends(o)) return cancel_other(o);
  if (o.engine_state != state_waiting) return;  // complete already
  io& s = *table_.find(o.on.index);
  if (s.receiver == &o)
    s.receiver = nullptr;
  else
    unqueue(s.senders, o);
  o.code = errc::cancelled;
  finish_waiting(o);
}

void readiness_engine::requeue(op& o) noexcept {
  if (o.what == verb::accept) return requeue_accepted(o);
  io* const s = find(o.on);
  if (s == nullptr || o.ends_stream) return;  // the end is found again
  try {
    s->keep().requeue(o);
  } catch (const std::bad_alloc&) {
    // What comes next must not pass for what is lost here.
    if (!s->takes_datagrams()) close(o.on, ending::reset);
    return;
  }
  if (!s->has_waiting_receiver()) return;
  s->kept->give(*s->receiver, s->takes_datagrams());
  finish_waiting(*s->receiver);
}

void readiness_engine::requeue_accepted(op& o) noexcept {
  const auto listener = posix::unpack_handle(o.extra);
  io* const s = find(listener);
  if (s == nullptr) return close(o.on, ending::reset);
  try {
    std::vector<int>& waiting = s->keep().accepted;
    waiting.insert(waiting.begin(), static_cast<int>(o.on.index));
  } catch (const std::bad_alloc&) {
    return close(o.on, ending::reset);
  }
  if (io* const child = find(o.on)) child->leave();
  o.on = listener;
  if (s->has_waiting_receiver()) serve_receiver(*s);  // somebody has begun to wait meanwhile
}

void readiness_engine::take_arrived(handle h, arrivals& into) {
  const io* const s = find(h);
  if (s == nullptr || s->kept == nullptr) return;
  s->kept->take(into, at_once_max);
  at_once_ -= static_cast<int>(into.size());
}

void readiness_engine::wait(time_point until) {
  at_once_ = at_once_max;
  duration limit = limit_of_wait(until);
  // What was sent by now leaves first. Whoever sent it goes on before anything else is asked for,
  // but not twice in a row: others have something to say too.
  const bool sent = !leaving_.empty() && send_what_leaves();
  skipped_poll_ = sent && !skipped_poll_;
  if (skipped_poll_) return sched().advance(now());
  if (ask_busy() || sent || !leaving_.empty()) limit = 0ns;
  if (!poller_.has_events()) poller_.wait(limit);
  sched().advance(now());
  collect();
}

// Of a descriptor that is not a socket of this loop's.
void readiness_engine::collect_other(ready_event e, io& s) {
  for (posix::watcher* w : watchers_)
    if (w->fd == e.fd) return w->ready(*w, e.readable(), e.writable());
  // It may block: only what the poller says of it now counts.
  s.readable = e.readable();
  s.writable = e.writable();
  if (s.has_waiting_receiver() && s.readable) serve_receiver(s);
  if (!s.senders.empty() && s.writable) serve_senders(s);
  // Its one-shot registration is used up.
  const bool reads = s.has_waiting_receiver();
  const bool writes = !s.senders.empty();
  if (!reads && !writes) return;
  const auto failed = watch_other(s, reads, writes);
  if (!failed) return;
  if (reads) refused(*s.receiver, s, failed);
  while (runnable* first = s.senders.pop()) refused(static_cast<op&>(*first), s, failed);
}

void readiness_engine::finish_waiting(op& o) noexcept {
  --waiting_;
  o.engine_state = 0;
  complete(o);
}

void readiness_engine::drop_waiting(io& s) noexcept {
  if (s.receiver != nullptr) cancel(*s.receiver);
  while (runnable* first = s.senders.pop()) {
    op& o = static_cast<op&>(*first);
    o.code = errc::cancelled;
    finish_waiting(o);
  }
}

void readiness_engine::disown() noexcept {
  kernel_engine::disown();
  table_.hide();
}

std::size_t readiness_engine::open_handles() const noexcept {
  std::size_t n = 0;
  if (!in_child()) table_.for_each([&n](handle) { ++n; });
  return n;
}

bool readiness_engine::has_unread(const posix::slot& s) const noexcept {
  const io& known = static_cast<const io&>(s);
  return known.readable || (known.kept != nullptr && !known.kept->empty());
}

void readiness_engine::close(handle h, ending how) noexcept {
  io* const s = find(h);
  if (s == nullptr) return;
  if (in_child()) return close_in_child(*s);
  drop_waiting(*s);
  const bool unread = s->kept != nullptr && !s->kept->empty();
  if (s->has_accepted())
    for (const int child : s->kept->accepted) posix::close_with_reset(child);
  s->renew();
  if (s->kind == posix::socket_kind::adopted) {
    poller_.remove(s->fd);
    return s->leave();
  }
  before_close(*s, how, unread && s->kind == posix::socket_kind::stream);
  s->leave();
  poller_.forget(s->fd);
  ::close(s->fd);  // and with it epoll's registration
}

void readiness_engine::watch(posix::watcher& w) {
  io& s = place(w.fd);
  s.renew();
  const bool wanted = w.wants_read || w.wants_write;
  std::erase(watchers_, &w);
  if (wanted) watchers_.push_back(&w);
  s.collected_apart = wanted;
  const std::error_code failed = poller_.set_levels(w.fd, w.wants_read, w.wants_write, false);
  if (failed && wanted) throw std::system_error(failed, "watch a descriptor");
}

std::string readiness_engine::features() const { return "edge-triggered, registered when needed"; }

std::unique_ptr<engine> readiness_engine::another() const { return make_readiness(); }

std::unique_ptr<engine> make_readiness() { return std::make_unique<readiness_engine>(); }

}  // namespace bight::readiness
