// SPDX-License-Identifier: MIT
// Datagrams in batches. One call receives all that have arrived, and they wait in the socket's
// inbox. One call sends all that were submitted in a turn, at its end.

#include "engine/readiness/readiness.hpp"

#include <bight/machinery/scheduler.hpp>

#include <cerrno>
#include <climits>
#include <cstring>
#include <new>

namespace bight::readiness {

namespace {
constexpr int many_at_once = 16;  // datagrams that make a socket busy
}

datagram_batch& readiness_engine::batch() {
  if (batch_ == nullptr) batch_ = std::make_unique<datagram_batch>();
  return *batch_;
}

bool readiness_engine::make_batch() noexcept {
  try {
    static_cast<void>(batch());
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

auto readiness_engine::try_recv_datagrams(op& o, socket& s) -> outcome {
  datagram_batch& b = batch();
  for (unsigned i = 0; i < b.count; ++i) {
    b.rooms[i] = {b.room(i), b.datagram_max};
    msghdr& m = b.messages[i].msg_hdr;
    m = {};
    m.msg_name = &b.names[i].storage;
    m.msg_namelen = sizeof b.names[i].storage;
    m.msg_iov = &b.rooms[i];
    m.msg_iovlen = 1;
    if (!s.tells_target) continue;
    m.msg_control = b.controls[i].bytes;
    m.msg_controllen = sizeof b.controls[i].bytes;
  }
  const int n = posix::receive_datagrams(static_cast<int>(o.on.index), b.messages.data(), b.count);
  if (n < 0) return not_received(o, s, errno);
  if (static_cast<unsigned>(n) < b.count) s.readable = s.hung_up;
  s.last_used = sched().now();
  if (n >= many_at_once && s.registered && !s.watches_room) leave_poller(s);
  bool given = false;
  for (unsigned i = 0; i < static_cast<unsigned>(n); ++i) {
    const mmsghdr& m = b.messages[i];
    arrival a;
    if (m.msg_len > 0) a.data = buffers_.copy_if_possible({b.room(i), m.msg_len});
    if (a.data.size() < m.msg_len) continue;  // no memory, so it is lost
    b.names[i].length = m.msg_hdr.msg_namelen;
    a.from = posix::from_system(b.names[i]);
    if (m.msg_hdr.msg_controllen > 0)
      posix::read_ancillary(m.msg_hdr.msg_control, m.msg_hdr.msg_controllen, a);
    if (given || !posix::inbox::hand_over(o, a, true))
      static_cast<void>(s.keep_or_drop(std::move(a)));
    given = true;
  }
  if (!given) o.code = errc::no_resources;
  return outcome::done;
}

// For a registered socket, the kernel looks for a waiter each time a datagram has been sent, which
// is 3 % of a datagram's cost. So a busy socket is removed from the poller, and registered again
// after a call has found it empty.
void readiness_engine::leave_poller(socket& s) noexcept {
  poller_.remove(s.fd);
  s.registered = false;
  s.busy = true;
}

// Tries the busy sockets with a waiting receive. Returns true if one had something.
bool readiness_engine::try_busy() {
  bool any = false;
  std::swap(busy_, busy_now_);
  for (const int fd : busy_now_) {
    socket& s = place(fd);
    if (!std::exchange(s.busy, false) || !s.has_waiting_receiver())
      continue;  // closed or cancelled
    try {
      if (try_other_receive(*s.receiver, s) == outcome::must_wait) {
        register_edges(*s.receiver, s);
        continue;
      }
      any = s.busy = true;
      finish(*s.receiver);
    } catch (const std::bad_alloc&) {
      finish_without_memory(s);
    }
  }
  busy_now_.clear();
  return any;
}

// Queues a send for the end of the turn, with the others of its socket.
void readiness_engine::queue_send(op& o, socket& s) {
  send_at_end(o.on.index, s);
  hold(o);
  s.senders.push(o);
}

void readiness_engine::send_at_end(std::uint32_t index, socket& s) {
  if (s.sends_at_end) return;
  sending_.push_back(index);  // may throw, so before the operation is held
  s.sends_at_end = true;
}

// Returns false if there is no memory.
bool readiness_engine::try_send_at_end(op& o, socket& s) noexcept {
  try {
    send_at_end(o.on.index, s);
    return true;
  } catch (const std::bad_alloc&) {
    o.code = errc::no_resources;
    return false;
  }
}

// Fails the sends of a socket that cannot be tried again.
void readiness_engine::fail_senders(socket& s) noexcept {
  while (runnable* first = s.senders.pop()) finish(static_cast<op&>(*first), errc::no_resources);
}

// Sends the datagrams that the turn has queued. Returns true if one of them is complete.
bool readiness_engine::send_queued() {
  bool any = false;
  std::swap(sending_, sending_now_);
  for (const std::uint32_t index : sending_now_) {
    socket& s = *sockets_.find(index);
    if (!std::exchange(s.sends_at_end, false)) continue;  // it has been closed
    while (s.writable && !s.senders.empty() && send_batch(s)) any = true;
    if (s.senders.empty()) continue;
    if (!s.writable && watch_for_room(s)) continue;
    // It has had its share of this turn, or cannot be watched, so it is tried in the next turn.
    if (!try_send_at_end(static_cast<op&>(*s.senders.front()), s)) fail_senders(s);
  }
  sending_now_.clear();
  return any;
}

// Sends the first waiting datagrams of a socket in one call. Returns false if none is done.
bool readiness_engine::send_batch(socket& s) {
  if (batch_ == nullptr && !make_batch()) {
    fail_senders(s);
    return true;
  }
  datagram_batch& b = *batch_;
  std::array<op*, datagram_batch::count> ops;
  unsigned n = 0;
  // 1. Gather.
  while (n < b.count && !s.senders.empty()) {
    op& o = static_cast<op&>(*s.senders.front());
    if (o.what != verb::send || o.segment > 0) break;  // needs its own call
    static_cast<void>(s.senders.pop());
    b.names[n].length = 0;
    if (o.peer != nullptr) posix::to_system(*o.peer, s.family, b.names[n]);
    msghdr& m = b.messages[n].msg_hdr;
    m = {};
    if (o.peer != nullptr && b.names[n].length == 0) {
      finish(o, errc::bad_address);
      continue;
    }
    m.msg_name = o.peer != nullptr ? &b.names[n].storage : nullptr;
    m.msg_namelen = b.names[n].length;
    m.msg_iov = reinterpret_cast<iovec*>(o.pieces);
    m.msg_iovlen = o.piece_count;
    if (posix::names_source(o, s)) posix::add_source(o, s, m, b.controls[n]);
    ops[n++] = &o;
  }
  if (n == 0) return s.senders.empty() || send_alone(s);
  // 2. Send.
  const int sent = posix::send_datagrams(static_cast<int>(ops[0]->on.index), b.messages.data(), n);
  unsigned done = sent > 0 ? static_cast<unsigned>(sent) : 0;
  if (sent > 0) s.last_used = sched().now();
  for (unsigned i = 0; i < done; ++i) ops[i]->count = b.messages[i].msg_len;
  if (sent < 0 && errno == EAGAIN)
    s.writable = false;
  else if (const int why = errno; sent < 0 && !posix::source_refused(*ops[0], s, why))
    ops[done++]->code = posix::system_error_code(why);  // the first; the others are tried again
  // 3. Complete those that are done. The others go back to the front.
  for (unsigned i = 0; i < done; ++i) finish(*ops[i]);
  for (unsigned i = n; i > done; --i) s.senders.push_front(*ops[i - 1]);
  return done > 0;
}

bool readiness_engine::send_alone(socket& s) {
  op& o = static_cast<op&>(*s.senders.pop());
  if (try_send_later(o, s) == outcome::must_wait) {
    s.senders.push_front(o);
    return false;
  }
  finish(o);
  return true;
}

}  // namespace bight::readiness
