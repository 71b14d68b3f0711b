// SPDX-License-Identifier: MIT
// How bytes move: from the pieces of a send into segments, over the path, to a receive.

#include "sim/faults.hpp"
#include "sim/gather.hpp"
#include "sim/guard.hpp"
#include "sim/streams.hpp"

#include <algorithm>
#include <cstring>

namespace bight::sim::streams {

namespace {

constexpr std::size_t gathered_max = 16384;  // bytes that are taken from a send at a time

std::size_t room_to_send(const socket& s) noexcept {
  const std::uint64_t taken = s.unsent_bytes + s.flight_bytes;
  return taken < s.send_limit ? static_cast<std::size_t>(s.send_limit - taken) : 0;
}

// The number of bytes for which the peer has room.
std::size_t window(const socket& s, const socket* peer) noexcept {
  if (peer == nullptr) return s.send_limit;  // no peer: its system answers with a reset
  const std::uint64_t taken = peer->arrived_bytes + s.flight_bytes;
  return taken < peer->receive_limit ? static_cast<std::size_t>(peer->receive_limit - taken) : 0;
}

std::size_t bytes_left(const op& o) noexcept {
  std::size_t n = 0;
  for (std::uint32_t i = 0; i < o.piece_count && n < gathered_max; ++i) n += o.pieces[i].size;
  return n;
}

// A stream that has failed stays failed, for both directions.
bool failed(const socket& s, op& o) noexcept {
  if (s.error == 0) return false;
  o.code = std::error_code(s.error, std::system_category());
  return true;
}

bool has_reader(universe& u, const socket& s) noexcept {
  const socket* const peer = u.peer_of(s);
  return peer != nullptr && !peer->orphan;
}

void take(universe& u, socket& s, op& o) {
  parcel& first = u.parcels[s.arrived.head];
  std::size_t most = o.size;
  if (const std::size_t less = u.faults->shorter(most); less < most) most = less;
  lease got;
  if (first.data.size() >= most || first.next == nothing) {
    got = first.data.take_front(most);
  } else {
    // As the kernel does: all bytes that are there, regardless of segments.
    const std::size_t n = std::min<std::uint64_t>({most, s.arrived_bytes, buffer_pool::block_size});
    const std::span<std::byte> room = u.bytes.room(n, n);
    std::size_t done = 0;
    for (std::uint32_t i = s.arrived.head; done < n; i = u.parcels[i].next) {
      const lease& data = u.parcels[i].data;
      const std::size_t part = std::min(data.size(), n - done);
      std::memcpy(room.data() + done, data.data(), part);
      done += part;
    }
    got = u.bytes.fill(n);
    // Freed only now, because the pool starts over when nothing of its block is lent.
    for (std::size_t left = n; left > 0;) {
      parcel& next = u.parcels[s.arrived.head];
      left -= next.data.take_front(left).size();
      if (next.data.empty()) u.parcels.free(s.arrived.pop(u.parcels));
    }
  }
  if (!s.arrived.empty() && u.parcels[s.arrived.head].data.empty())
    u.parcels.free(s.arrived.pop(u.parcels));
  const std::size_t n = got.size();
  s.arrived_bytes -= n;
  o.count = static_cast<std::int64_t>(n);
  if (o.what == verb::recv_into)
    std::memcpy(o.buffer, got.data(), n);
  else
    *o.got = std::move(got);
  s.last_used = s.owner->turn_time();
  // If the peer waits for room, it is notified when there is enough to be worth a packet (RFC 9293
  // §3.8.6.2.2).
  socket* peer = u.peer_of(s);
  if (peer == nullptr || peer->unsent_bytes == 0 || peer->room_told) return;
  if (window(*peer, &s) < std::min<std::size_t>(2 * s.way->segment(), s.receive_limit / 2)) return;
  peer->room_told = true;
  u.in(s.way->latency(), event_kind::room, *peer);
}

// Notifies a sender that waits for room.
void tell_of_room(universe& u, socket& s, socket& receiver) {
  if (s.room_told || (s.senders.empty() && s.unsent_bytes == 0)) return;
  s.room_told = true;
  u.in(receiver.way->latency(), event_kind::room, s);
}

void serve_receiver(universe& u, socket& s) {
  if (s.has_waiting_receiver() && receive(u, s, *s.receiver)) s.owner->complete(*s.receiver);
}

void deliver(universe& u, socket& s, socket& peer, std::uint32_t index) {
  parcel& p = u.parcels[index];
  const std::size_t n = p.data.size();
  switch (p.what) {
    case parcel::sort::bytes:
      u.record(s.family == unix_family ? happening::local : happening::data, s.local, s.remote,
               p.data, peer.received, s.received);
      s.flight_bytes -= n;
      if (peer.way->cut()) expect_silence(u, s);
      peer.received += n;
      peer.arrived_bytes += n;
      peer.arrived.push(u.parcels, index);
      tell_of_room(u, s, peer);
      return serve_receiver(u, peer);
    case parcel::sort::fin:
      u.record(happening::fin, s.local, s.remote, {}, peer.received, s.received);
      peer.fin_arrived = true;
      u.parcels.free(index);
      return serve_receiver(u, peer);
    case parcel::sort::reset:
      u.record(happening::reset, s.local, s.remote, {}, peer.received, s.received);
      u.parcels.free(index);
      return on_reset(u, peer, std::errc::connection_reset);
    case parcel::sort::welcome: u.parcels.free(index); return established(u, peer);
    case parcel::sort::hello: u.parcels.free(index); return admit(u, peer);
  }
}

// Whether the socket at the other end can take the parcel.
bool is_expected(const socket* peer, const parcel& p) noexcept {
  if (peer == nullptr || peer->at == stage::over) return false;
  if (p.what == parcel::sort::welcome) return peer->at == stage::connecting;
  return !peer->orphan || p.what == parcel::sort::fin || p.what == parcel::sort::reset;
}

}  // namespace

bool receive(universe& u, socket& s, op& o) {
  if (!s.arrived.empty()) {
    take(u, s, o);
    return true;
  }
  if (s.fin_arrived) {
    o.ends_stream = true;
    return true;
  }
  if (failed(s, o)) return true;
  if (s.at == stage::over) {
    o.ends_stream = true;
    return true;
  }
  if (s.at == stage::open) return false;
  o.code = code_of(std::errc::not_connected);
  return true;
}

bool can_send(universe& u, const socket& s) noexcept {
  if (s.at != stage::open || s.end_sent) return false;
  return s.family != unix_family || has_reader(u, s);
}

bool send(universe& u, socket& s, op& o) {
  // A unix socket reports a reset only to receives.
  const bool kept =
      s.family == unix_family && s.error == static_cast<int>(std::errc::connection_reset);
  if (!kept && failed(s, o)) return true;
  if (!can_send(u, s)) {
    o.code = code_of(std::errc::broken_pipe);
    return true;
  }
  while (more_pieces(o)) {
    std::size_t n = std::min(room_to_send(s), bytes_left(o));
    if (n == 0) return false;
    const std::size_t less = u.faults->shorter(n);
    const bool in_parts = less < n;
    n = std::min({n, less, gathered_max});
    const std::uint32_t i = u.parcels.make();
    parcel& p = u.parcels[i];
    p.what = parcel::sort::bytes;
    p.data = gather(u.bytes, o, n);
    s.unsent.push(u.parcels, i);
    s.unsent_bytes += n;
    o.count += static_cast<std::int64_t>(n);
    s.last_used = s.owner->turn_time();
    transmit(u, s);
    if (in_parts && more_pieces(o)) {
      u.in(1us, event_kind::go_on, s);
      return false;
    }
  }
  return true;
}

void on_room(universe& u, socket& s) {
  if (s.at == stage::open && way_back(u, s).cut()) return expect_silence(u, s);
  s.room_told = false;
  transmit(u, s);
  // A writer is woken when a third is free, not for every byte: sk_stream_is_writable() in Linux.
  if (s.senders.empty() || 3 * room_to_send(s) < s.send_limit) return;
  on_go_on(u, s);
}

void on_go_on(universe& u, socket& s) {
  op* const o = s.sender();
  if (o == nullptr || s.at != stage::open) return;
  guard::check_sent(u, *o);
  if (!send(u, s, *o)) return guard::watch_sent(u, *o);
  static_cast<void>(s.senders.pop());
  s.owner->complete(*o);
}

void give_back(universe& u, socket& s, op& o) noexcept {
  if (o.ends_stream || o.count == 0) return;  // the next receive finds the end again
  const std::uint32_t i = u.parcels.make();
  parcel& p = u.parcels[i];
  p.what = parcel::sort::bytes;
  if (o.what == verb::recv_into)
    p.data = lease::copy_of(
        {reinterpret_cast<const char*>(o.buffer), static_cast<std::size_t>(o.count)});
  else
    p.data = std::move(*o.got);
  s.arrived_bytes += p.data.size();
  s.arrived.push_front(u.parcels, i);
  serve_receiver(u, s);
}

void transmit(universe& u, socket& s) {
  if (s.unsent.empty()) return;
  socket* const peer = u.peer_of(s);
  const std::size_t segment = s.way->segment();
  while (!s.unsent.empty()) {
    parcel& first = u.parcels[s.unsent.head];
    if (first.what != parcel::sort::bytes) {
      const parcel::sort what = first.what;
      u.parcels.free(s.unsent.pop(u.parcels));
      launch(u, s, what, {});
      continue;
    }
    const std::size_t open = window(s, peer);
    const std::size_t n = std::min({first.data.size(), segment, open});
    // A small segment only if nothing else is in flight (RFC 9293 §3.8.6.2.1).
    if (n == 0 || (n == open && n < std::min(first.data.size(), segment) && s.flight_bytes > 0))
      return;
    s.unsent_bytes -= n;
    launch(u, s, parcel::sort::bytes, first.data.take_front(n));
    if (first.data.empty()) u.parcels.free(s.unsent.pop(u.parcels));
  }
}

// The first parcel in flight has reached the other end, or was lost.
void on_arrive(universe& u, socket& s) {
  const std::uint32_t life = s.life;
  bool any = false;
  for (; !s.flight.empty(); any = true) {
    parcel& p = u.parcels[s.flight.head];
    if (p.at > u.now()) {
      // It has its own event, unless it has just become the first or its time has changed.
      if (any) u.in(p.at - u.now(), event_kind::arrive, s);
      return;
    }
    if (p.lost) {
      if (!send_again(u, s)) return;
      continue;
    }
    if (s.way->clogged()) return s.way->held.push_back({event_kind::arrive, s.index, s.life});
    if (s.way->cut() || !u.machines[s.peer_machine]->up) {
      lose(u, s, p);
      continue;
    }
    socket* const peer = u.peer_of(s);
    if (is_expected(peer, p)) {
      deliver(u, s, *peer, s.flight.pop(u.parcels));
      if (s.life != life) return;
      continue;
    }
    if (p.what == parcel::sort::reset || (p.what == parcel::sort::fin && s.fin_arrived) ||
        s.family == unix_family) {
      s.flight_bytes -= p.data.size();
      p.data.reset();
      u.parcels.free(s.flight.pop(u.parcels));
      continue;
    }
    // It stays in flight until the reset arrives, which may be lost too.
    if (peer != nullptr && peer->orphan)  // its program closed it while this was on the way
      throw_away(u, *peer);
    else
      answer_with_reset(u, s);
    p.lost = true;
    p.at = std::max(u.now() + 1us, p.went + time_out(u, s, p.tries, p.since));
  }
  release_if_over(u, s);
}

}  // namespace bight::sim::streams
