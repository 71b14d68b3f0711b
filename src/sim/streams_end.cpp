// SPDX-License-Identifier: MIT
// How a stream ends: in order, by a reset, by a timeout, or with its host.

#include "sim/ports.hpp"
#include "sim/streams.hpp"

#include <algorithm>

namespace bight::sim::streams {

namespace {

void empty(universe& u, fifo& queue) noexcept {
  while (!queue.empty()) {
    const std::uint32_t i = queue.pop(u.parcels);
    u.parcels[i].data.reset();
    u.parcels.free(i);
  }
}

// When a connection is aborted, lost parcels are not retransmitted, so those behind them never
// arrive either.
void purge_late(universe& u, socket& s) noexcept {
  fifo in_time;
  while (!s.flight.empty() && !u.parcels[s.flight.head].lost)
    in_time.push(u.parcels, s.flight.pop(u.parcels));
  while (!s.flight.empty()) {
    const std::uint32_t i = s.flight.pop(u.parcels);
    s.flight_bytes -= u.parcels[i].data.size();
    u.parcels[i].data.reset();
    u.parcels.free(i);
  }
  s.flight = in_time;
}

}  // namespace

void purge_sending(universe& u, socket& s) noexcept {
  empty(u, s.unsent);
  empty(u, s.flight);
  s.unsent_bytes = s.flight_bytes = 0;
}

void release(universe& u, socket& s) noexcept {
  purge_sending(u, s);
  empty(u, s.arrived);
  // The side that ends a connection first keeps its port for a while: RFC 9293 §3.6, TIME-WAIT.
  const bool waits = s.bound && s.end_sent && s.at == stage::open;
  ports::leave(u, s);
  if (waits && !s.ended_second) s.home->hold_port({s.local, s.remote, s.reuse_address});
  u.free_socket(s);
}

void release_if_over(universe& u, socket& s) noexcept {
  if (s.orphan && s.flight.empty() && s.unsent.empty()) release(u, s);
}

std::error_code shutdown_send(universe& u, socket& s) {
  if (s.at == stage::over && s.family == unix_family) return {};  // never fails: unix_shutdown()
  if (s.at != stage::open) return code_of(std::errc::not_connected);
  if (s.end_sent) {
    // In Linux the connection is gone when both directions have ended: inet_shutdown().
    const bool over = s.fin_arrived && s.unsent.empty() && s.flight.empty();
    return over && s.family != unix_family ? code_of(std::errc::not_connected) : std::error_code();
  }
  s.end_sent = true;
  s.ended_second = s.fin_arrived;
  const std::uint32_t i = u.parcels.make();
  u.parcels[i].what = parcel::sort::fin;
  s.unsent.push(u.parcels, i);
  if (op* const o = s.sender()) {  // bytes that it has not sent yet are never sent
    static_cast<void>(s.senders.pop());
    static_cast<void>(send(u, s, *o));
    s.owner->complete(*o);
  }
  transmit(u, s);
  return {};
}

// Sends a reset to the other side, after the parcels in flight.
void throw_away(universe& u, socket& s) noexcept {
  empty(u, s.unsent);
  s.unsent_bytes = 0;
  purge_late(u, s);
  s.end_sent = false;
  if (s.reset_sent) return;
  s.reset_sent = true;
  launch(u, s, parcel::sort::reset, {});
}

// A unix socket has no wire: sent bytes are with the peer, which reads them before it gets a reset
// for bytes that were not read here. It cannot be aborted, only closed.
void close_unix(universe& u, socket& s, bool unread) noexcept {
  const socket* const peer = u.peer_of(s);
  unread = unread || s.arrived_bytes > 0 || (peer != nullptr && peer->sent_beyond(s.received));
  if (!unread) {
    static_cast<void>(shutdown_send(u, s));
  } else if (!s.reset_sent) {
    s.reset_sent = true;
    const std::uint32_t i = u.parcels.make();
    u.parcels[i].what = parcel::sort::reset;
    s.unsent.push(u.parcels, i);
    transmit(u, s);
  }
  release_if_over(u, s);
}

void close(universe& u, socket& s, bool reset) noexcept {
  s.orphan = true;
  if (s.at != stage::open) return release(u, s);
  if (s.family == unix_family) return close_unix(u, s, reset);
  if (reset || s.arrived_bytes > 0 || s.option(option_id::linger, -1) == 0) return throw_away(u, s);
  static_cast<void>(shutdown_send(u, s));
  release_if_over(u, s);
}

void on_reset(universe& u, socket& s, std::errc why) {
  const bool was_connecting = s.at == stage::connecting;
  if (s.at == stage::over) return;
  if (s.queued && !s.admitted) return give_up_child(u, s);
  s.at = stage::over;
  purge_sending(u, s);
  if (s.orphan) return release(u, s);
  if (u.options.reset_discards) {
    empty(u, s.arrived);
    s.arrived_bytes = 0;
  }
  // Linux reports a reset after the end of the stream as EPIPE: tcp_reset().
  s.error = static_cast<int>(why);
  if (why == std::errc::connection_reset && s.fin_arrived)
    s.error = static_cast<int>(std::errc::broken_pipe);
  if (was_connecting && why == std::errc::connection_reset)
    s.error = static_cast<int>(std::errc::connection_refused);
  if (s.owner == nullptr) return;
  if (s.has_waiting_receiver() && receive(u, s, *s.receiver)) s.owner->complete(*s.receiver);
  if (op* const o = s.sender()) {
    static_cast<void>(s.senders.pop());
    static_cast<void>(send(u, s, *o));
    s.owner->complete(*o);
  }
}

void on_refused(universe& u, socket& s) { on_reset(u, s, std::errc::connection_reset); }

void vanish(universe& u, socket& s) noexcept {
  if (s.kind == socket_kind::listener) {
    rare_things& queue = *s.rare;
    while (!queue.accepted.empty()) release(u, u.sockets[queue.accepted.pop(u.sockets)]);
    if (s.family == unix_family) s.home->unix_names.erase(u.unix_paths[s.local_path]);
  }
  if (s.kind == socket_kind::stream) {
    // A peer that waits for room here probes without an answer from now on, and finally gives up.
    socket* const peer = u.peer_of(s);
    const bool asks =
        peer != nullptr && peer->at == stage::open && !peer->unsent.empty() && peer->flight.empty();
    s.at = stage::over;
    const std::uint32_t peer_index = asks ? peer->index : nothing;
    release(u, s);
    if (peer_index != nothing) transmit(u, u.sockets[peer_index]);
    return;
  }
  release(u, s);
}

// ── Keep-alive: tcp(7) ──────────────────────────────────────────────────────────────────────────

void keep_alive(universe& u, socket& s) {
  if (!s.is(option_id::keep_alive) || s.at != stage::open) return;
  s.extra().probes = 0;
  u.in(std::chrono::seconds(s.option(option_id::keep_alive_idle, 7200)), event_kind::probe, s);
}

void on_probe(universe& u, socket& s) {
  if (!s.is(option_id::keep_alive) || s.at != stage::open || s.family == unix_family) return;
  path& back = way_back(u, s);
  const auto again = [&](duration wait) { u.in(wait, event_kind::probe, s); };
  const bool reachable = !s.way->cut() && !back.cut() && u.machines[s.peer_machine]->up &&
                         !s.way->send(u.now(), 40).lost && !back.send(u.now(), 40).lost;
  const socket* const peer = u.peer_of(s);
  if (reachable && peer == nullptr && !s.fin_arrived)
    return on_reset(u, s, std::errc::connection_reset);
  if (reachable) return keep_alive(u, s);
  unsigned& probes = s.extra().probes;
  if (++probes > static_cast<unsigned>(s.option(option_id::keep_alive_count, 9)))
    return on_reset(u, s, std::errc::timed_out);
  again(std::chrono::seconds(s.option(option_id::keep_alive_interval, 75)));
}

}  // namespace bight::sim::streams
