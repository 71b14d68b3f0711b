// SPDX-License-Identifier: MIT
#include "engine/readiness/readiness.hpp"

#include <bight/scheduler.hpp>

#include <unistd.h>

namespace bight::readiness {

namespace {

constexpr std::uint8_t state_waiting = 1;  // in op::engine_state: this engine will complete it

bool receives(const op& o) noexcept {
  return o.what == verb::recv || o.what == verb::recv_into || o.what == verb::accept ||
         o.what == verb::read;
}

bool sends(const op& o) noexcept {
  return o.what == verb::send || o.what == verb::connect || o.what == verb::write;
}

void unqueue(runnable_queue& queue, op& o) noexcept {
  runnable_queue rest;
  while (runnable* r = queue.pop())
    if (r != &o) rest.push(*r);
  queue = rest;
}

}  // namespace

readiness_engine::readiness_engine() { start_watching(); }

readiness_engine::~readiness_engine() {
  stop_watching();
  slots().for_each([this](handle h, posix::slot&) { close(h, false); });
}

// A call was made and is over. Within the turn's budget the coroutine goes on at once; beyond it,
// it waits for its turn like everybody else.
bool readiness_engine::finish(op& o) noexcept {
  if (at_once_ > 0) {
    --at_once_;
    return true;
  }
  complete(o);
  return false;
}

bool readiness_engine::submit(op& o) {
  o.engine_state = 0;
  if (!receives(o) && !sends(o)) return submit_other(o);
  if (find(o.on) == nullptr) {
    o.code = make_error_code(errc::closed);
    return true;
  }
  io& s = table_.at(o.on.index);
  return receives(o) ? submit_receive(o, s) : submit_send(o, s);
}

bool readiness_engine::submit_receive(op& o, io& s) {
  if (s.receiver != nullptr) {
    o.code = make_error_code(errc::busy);
    return true;
  }
  if (s.kept != nullptr && !s.kept->empty()) {
    s.kept->give(o, find(o.on)->kind == posix::socket_kind::datagram);
    return finish(o);
  }
  const bool may_try = o.what == verb::read ? never_waits(o, s) : s.readable || s.has_accepted();
  if (may_try && try_receive(o, s) == outcome::done) return finish(o);
  s.receiver = &o;
  wait_for_event(o, s);
  return false;
}

bool readiness_engine::submit_send(op& o, io& s) {
  const bool datagram = find(o.on)->kind == posix::socket_kind::datagram;
  if (!s.senders.empty() && !datagram) {
    o.code = make_error_code(errc::busy);
    return true;
  }
  if (datagram && o.what == verb::send && s.writable) {
    send_with_others(o, s);
    return false;
  }
  const bool may_try = o.what == verb::write ? never_waits(o, s) : s.writable;
  if (s.senders.empty() && may_try && try_send_any(o, s) == outcome::done) return finish(o);
  s.senders.push(o);
  wait_for_event(o, s);
  return false;
}

bool readiness_engine::never_waits(op& o, io& s) noexcept {
  if (s.kept_open == polled::unknown) {
    const auto failed = poller_.set_levels(static_cast<int>(o.on.index), false, false, true);
    s.kept_open = failed ? polled::no : polled::yes;
  }
  return s.kept_open == polled::no;
}

void readiness_engine::wait_for_event(op& o, io& s) noexcept {
  o.engine_state = state_waiting;
  ++waiting_;
  const int fd = static_cast<int>(o.on.index);
  std::error_code failed;
  if (o.what == verb::read || o.what == verb::write) {
    failed = poller_.set_levels(fd, s.receiver != nullptr, !s.senders.empty(), true);
  } else if (!s.registered) {
    // A datagram that has left makes room, and would wake us up for that each time.
    s.watches_room = find(o.on)->kind != posix::socket_kind::datagram;
    failed = poller_.add_edges(fd, s.watches_room);
    s.registered = !failed;
  }
  if (!failed) return;
  o.code = failed;  // ENOSPC, ENOMEM: epoll_ctl(2)
  --waiting_;
  o.engine_state = 0;
  if (s.receiver == &o)
    s.receiver = nullptr;
  else
    unqueue(s.senders, o);
  complete(o);
}

void readiness_engine::watch_for_room(std::uint32_t index, io& s) noexcept {
  if (s.watches_room) return;
  s.watches_room = !poller_.add_room(static_cast<int>(index));
  if (!s.watches_room) leave_later(index, s);  // no memory for that: tried again
}

void readiness_engine::cancel(op& o) noexcept {
  if (!receives(o) && !sends(o)) return cancel_other(o);
  if (o.engine_state != state_waiting) return;  // complete already
  io& s = *table_.find(o.on.index);
  if (s.receiver == &o)
    s.receiver = nullptr;
  else
    unqueue(s.senders, o);
  o.code = make_error_code(errc::cancelled);
  finish_waiting(o);
}

void readiness_engine::requeue(op& o) noexcept {
  if (o.what == verb::accept) {
    const auto listener = posix::unpack_handle(o.engine_data);
    if (find(listener) == nullptr) return close(o.on, true);
    io& s = *table_.find(listener.index);
    slots().leave(o.on);
    std::vector<int>& waiting = s.keep().accepted;
    waiting.insert(waiting.begin(), static_cast<int>(o.on.index));
    o.on = listener;
    if (s.receiver != nullptr) serve_receiver(s);  // somebody has begun to wait meanwhile
    return;
  }
  if (find(o.on) == nullptr || o.ends_stream) return;  // the end is found again
  io& s = *table_.find(o.on.index);
  s.keep().requeue(o);
  if (s.receiver == nullptr) return;
  op& next = *std::exchange(s.receiver, nullptr);
  s.kept->give(next, find(next.on)->kind == posix::socket_kind::datagram);
  finish_waiting(next);
}

void readiness_engine::wait(time_point until) {
  at_once_ = at_once_max;
  duration limit = limit_of_wait(until);
  // What was sent by now leaves first. Whoever sent it goes on before anything else is asked for,
  // but not twice in a row: others have something to say too.
  const bool sent = !leaving_.empty() && send_what_leaves();
  skipped_poll_ = sent && !skipped_poll_;
  if (skipped_poll_) return sched().advance(now());
  if (sent || !leaving_.empty()) limit = 0ns;
  if (!poller_.has_events()) poller_.wait(limit);
  sched().advance(now());
  // Handlers run before much has piled up, while what they are given is in the cache. Who is ready
  // and has not been served comes next, before the kernel is asked again.
  received_ = 0;
  while (poller_.has_events() && received_ < received_max) collect(poller_.take());
}

void readiness_engine::collect(const ready_event& e) {
  io* s = table_.find(static_cast<std::uint32_t>(e.fd));  // none of -1
  if (s == nullptr) return;
  if (s->watch != nullptr) {
    s->watch->ready(*s->watch, e.readable, e.writable);
    return;
  }
  // A descriptor of the program's may block: only what the poller says of it now counts.
  const bool remembers = s->kept_open != polled::yes;
  s->readable = e.readable || (remembers && s->readable);
  s->writable = e.writable || (remembers && s->writable);
  if (e.hung_up) s->hung_up = true;
  if (e.ended) s->ended = true;
  if (s->receiver != nullptr && s->readable) serve_receiver(*s);
  if (!s->senders.empty() && s->writable) serve_senders(*s);
  // The one-shot registration of a descriptor that is not ours is used up.
  if (s->kept_open == polled::yes && (s->receiver != nullptr || !s->senders.empty()))
    static_cast<void>(poller_.set_levels(e.fd, s->receiver != nullptr, !s->senders.empty(), true));
}

void readiness_engine::serve_receiver(io& s) {
  op& o = *s.receiver;
  if (try_receive(o, s) == outcome::must_wait) return;
  s.receiver = nullptr;
  finish_waiting(o);
}

void readiness_engine::serve_senders(io& s) {
  runnable_queue queue = std::exchange(s.senders, {});
  while (runnable* r = queue.pop()) {
    op& o = static_cast<op&>(*r);
    if (s.writable && try_send_any(o, s) == outcome::done) {
      finish_waiting(o);
      continue;
    }
    s.senders.push(o);
    if (s.writable && o.segment > 0) leave_later(o.on.index, s);
  }
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
    o.code = make_error_code(errc::cancelled);
    finish_waiting(o);
  }
}

void readiness_engine::close(handle h, bool reset) noexcept {
  posix::slot* known = find(h);
  if (known == nullptr) return;
  const int fd = static_cast<int>(h.index);
  bool unread = false;
  if (io* s = table_.find(h.index)) {
    drop_waiting(*s);
    unread = s->kept != nullptr && !s->kept->empty();
    if (s->has_accepted())
      for (const int child : s->kept->accepted) posix::close_with_reset(child);
    *s = io();
  }
  if (known->kind == posix::socket_kind::adopted) {
    poller_.remove(fd);
    slots().leave(h);
    return;
  }
  before_close(h, *known, reset || (unread && known->kind == posix::socket_kind::stream));
  slots().leave(h);
  poller_.forget(fd);
  ::close(fd);  // and with it epoll's registration
}

void readiness_engine::watch(posix::watcher& w) {
  io& s = table_.at(static_cast<std::uint32_t>(w.fd));
  s = io();
  const bool wanted = w.wants_read || w.wants_write;
  if (wanted) s.watch = &w;
  const std::error_code failed = poller_.set_levels(w.fd, w.wants_read, w.wants_write, false);
  if (failed && wanted) throw std::system_error(failed, "watch a descriptor");
}

std::string readiness_engine::features() const { return "edge-triggered, registered when needed"; }

std::unique_ptr<engine> readiness_engine::another() const { return make_readiness(); }

std::unique_ptr<engine> make_readiness() { return std::make_unique<readiness_engine>(); }

}  // namespace bight::readiness
