// SPDX-License-Identifier: MIT
// The path of a stream's messages. After a system call the processor mispredicts each return, which
// costs as much as thirty instructions, so the calls are inlined into their callers. What does not
// happen for every message is in separate functions.

#include "engine/readiness/readiness.hpp"

#include <bight/machinery/scheduler.hpp>

#include <cerrno>
#include <climits>
#include <new>

#include <sys/socket.h>
#include <sys/uio.h>

namespace bight::readiness {

inline auto readiness_engine::try_recv_stream(op& o, socket& s) -> outcome {
  if (o.what != verb::recv) return try_recv_into(o, s);
  const std::span<std::byte> room = buffers_.room(o.size);
  ssize_t n;
  do n = ::recv(s.fd, room.data(), room.size(), 0);
  while (n < 0 && errno == EINTR);
  if (n <= 0) return received_none(o, s, n);
  received(o, s, static_cast<std::size_t>(n), room.size());
  *o.got = buffers_.fill(static_cast<std::size_t>(n));
  return outcome::done;
}

auto readiness_engine::try_recv_into(op& o, socket& s) -> outcome {
  ssize_t n;
  do n = ::recv(s.fd, o.buffer, o.size, 0);
  while (n < 0 && errno == EINTR);
  if (n <= 0) return received_none(o, s, n);
  received(o, s, static_cast<std::size_t>(n), o.size);
  return outcome::done;
}

inline void readiness_engine::received(op& o, socket& s, std::size_t n, std::size_t room) noexcept {
  if (n < room) s.readable = s.hung_up;
  o.count = static_cast<std::int64_t>(n);
  received_ += n;
  s.last_used = sched().now();
}

auto readiness_engine::received_none(op& o, socket& s, ssize_t n) -> outcome {
  return n < 0 ? not_received(o, s, errno) : over(o, s, 0);
}

auto readiness_engine::send_once(op& o, socket& s) noexcept -> ssize_t {
  // One piece is the common case. Without a msghdr, a small message costs 5 % less.
  if (o.piece_count == 1) return ::send(s.fd, o.pieces->data, o.pieces->size, MSG_NOSIGNAL);
  msghdr message{};
  message.msg_iov = reinterpret_cast<iovec*>(o.pieces);
  message.msg_iovlen = o.piece_count < IOV_MAX ? o.piece_count : IOV_MAX;
  return sendmsg(s.fd, &message, MSG_NOSIGNAL);
}

auto readiness_engine::try_send(op& o, socket& s) -> outcome {
  return posix::more_pieces(o) ? sent(o, s, send_once(o, s)) : outcome::done;
}

// After a partial send, tries again: the socket may not be full. A partial send is also the result
// of a fault in the caller's memory, and then no edge would follow.
auto readiness_engine::sent(op& o, socket& s, ssize_t n) -> outcome {
  for (;; n = send_once(o, s)) {
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return not_sent(o, s, errno);
    s.last_used = sched().now();
    o.count += n;
    if (!posix::advance(o, static_cast<std::size_t>(n)) || !posix::more_pieces(o))
      return outcome::done;
  }
}

inline auto readiness_engine::try_receive(op& o, socket& s) -> outcome {
  return s.kind == posix::socket_kind::stream ? try_recv_stream(o, s) : try_other_receive(o, s);
}

bool readiness_engine::submit(op& o) {
  socket* const s = sockets_.find(o.on);
  if (s == nullptr) return submit_without_socket(o);
  if (o.what == verb::recv) return submit_receive(o, *s);
  if (o.what == verb::send) return submit_send(o, *s);
  return o.takes() ? receive_at_once(o, *s) : submit_other_send(o, *s);
}

bool readiness_engine::submit_receive(op& o, socket& s) {
  if (s.readable || s.receiver != nullptr || s.may_have_next) return receive_at_once(o, s);
  return wait_to_receive(o, s);
}

bool readiness_engine::wait_to_receive(op& o, socket& s) {
  hold_receiver(o, s);
  if (!s.registered) wait_for_event(o, s);
  return false;
}

// Something may be there already, or another receive waits for it.
bool readiness_engine::receive_at_once(op& o, socket& s) {
  if (s.receiver != nullptr) return refuse(o, errc::busy);
  if (s.has_next()) return give_at_once(o, s);
  const bool may_try = o.what == verb::read ? never_waits(s) : s.readable || s.has_accepted();
  if (may_try && try_receive(o, s) == outcome::done) return finish_at_once(o, s);
  return wait_to_receive(o, s);
}

bool readiness_engine::give_at_once(op& o, socket& s) {
  s.give_next(o);
  return finish_at_once(o, s);
}

bool readiness_engine::submit_send(op& o, socket& s) {
  const bool simply = s.kind == posix::socket_kind::stream && o.piece_count == 1 && s.writable;
  const std::size_t size = simply ? o.pieces->size : 0;
  if (size == 0 || !s.senders.empty()) return submit_other_send(o, s);
  const ssize_t n = ::send(s.fd, o.pieces->data, size, MSG_NOSIGNAL);
  if (n != static_cast<ssize_t>(size)) return send_rest(o, s, n);
  s.last_used = sched().now();
  o.count = n;
  return finish_at_once(o, s);
}

// Continues after a first call that returned `n`, which is not all.
bool readiness_engine::send_rest(op& o, socket& s, ssize_t n) {
  return sent(o, s, n) == outcome::done ? finish_at_once(o, s) : wait_to_send(o, s);
}

// Stops after 64 KiB, so that handlers run while their data is in the cache. The remaining events
// are served in the next turn, before the kernel is asked again.
void readiness_engine::collect() {
  received_ = 0;
  while (poller_.has_events() && received_ < received_max) {
    const ready_event e = poller_.take();
    socket* const s = sockets_.find(static_cast<std::uint32_t>(e.fd));  // -1 finds none
    if (s == nullptr) continue;
    if (s->level_triggered) {
      collect_level(e, *s);
      continue;
    }
    if (e.readable()) s->readable = true;
    if (e.writable()) s->writable = true;
    if (e.hung_up()) [[unlikely]] {
      s->hung_up = true;
      if (e.ended()) s->has_ended();
    }
    if (s->has_waiting_receiver() && s->readable) {
      serve(*s);
      if (s->kind == posix::socket_kind::stream) count_at_once(-1);
    }
    if (!s->senders.empty() && s->writable) serve_senders(*s);
  }
}

inline void readiness_engine::serve(socket& s) noexcept {
  try {
    if (try_receive(*s.receiver, s) == outcome::done) finish(*s.receiver);
  } catch (const std::bad_alloc&) {
    finish_without_memory(s);
  }
}

void readiness_engine::serve_receiver(socket& s) noexcept { serve(s); }

// There was no memory for a buffer, and nothing was received.
void readiness_engine::finish_without_memory(socket& s) noexcept {
  finish(*s.receiver, errc::no_resources);
}

auto readiness_engine::try_send_later(op& o, socket& s) noexcept -> outcome {
  try {
    return try_other_send(o, s);
  } catch (const std::bad_alloc&) {
    o.code = errc::no_resources;
    return outcome::done;
  }
}

void readiness_engine::serve_senders(socket& s) noexcept {
  runnable_queue queue = std::exchange(s.senders, {});
  while (runnable* r = queue.pop()) {
    op& o = static_cast<op&>(*r);
    const bool waits = !s.writable || try_send_later(o, s) == outcome::must_wait;
    if (waits && (!s.writable || o.segment == 0 || try_send_at_end(o, s))) {
      s.senders.push(o);
      continue;
    }
    finish(o);
  }
}

}  // namespace bight::readiness
