// SPDX-License-Identifier: MIT
#include "sim/datagrams.hpp"

#include "sim/gather.hpp"
#include "sim/guard.hpp"
#include "sim/ports.hpp"

#include <algorithm>
#include <cstring>

namespace bight::sim::datagrams {

namespace {

// 65535 minus the counted headers: IPv4 and UDP, or only UDP.
constexpr std::size_t datagram_max(std::uint8_t family) { return family == 4 ? 65507 : 65527; }
constexpr std::size_t overhead = 256;  // memory of a datagram in a buffer, in addition to its bytes
constexpr std::size_t joined_max = 65535;  // bytes of joined datagrams
constexpr int runs_max = 16;               // segments of one send before other operations continue

bool fail(op& o, std::errc why) noexcept {
  o.code = code_of(why);
  return true;
}

bool failed(socket& s, op& o) noexcept {
  if (s.error == 0) return false;
  o.code = std::error_code(std::exchange(s.error, 0), std::system_category());
  return true;
}

std::size_t size_left(const op& o) noexcept {
  std::size_t n = 0;
  for (std::uint32_t i = 0; i < o.piece_count; ++i) n += o.pieces[i].size;
  return n;
}

void free(universe& u, std::uint32_t index) noexcept {
  u.letters[index].data.reset();
  u.letters.free(index);
}

// Sends one datagram. It may arrive twice, or never.
void post(universe& u, socket& s, const packet_end& from, const packet_end& to, lease data) {
  machine* const there = u.find(*s.home, to);
  if (there == nullptr) return u.record(happening::lost, from, to, data);
  path& way = u.way(*s.home, *there);
  const std::size_t n = data.size();
  const std::size_t packets = (n + 28 + way.packet() - 1) / way.packet();
  path::fate f;
  for (std::size_t i = 0; i < packets; ++i) {
    const path::fate one = way.send(u.now(), std::min(n + 28, way.packet()));
    f.delay = std::max(f.delay, one.delay);
    f.lost = f.lost || one.lost;
  }
  const int copies = 1 + way.twice();
  for (int i = 0; i < copies; ++i) {
    const std::uint32_t index = u.letters.make();
    letter& l = u.letters[index];
    l.data = data;
    l.from = from;
    l.to = to;
    l.sender = s.index;
    l.sender_life = s.life;
    l.to_machine = f.lost && i == 0 ? nothing : there->number;
    duration at = u.now() + f.delay;
    // In order, as in a queue, unless the path reorders it.
    if (const duration later = way.overtaken() + (i > 0 ? way.latency() : 0ns); later > 0ns)
      at += later;
    else
      at = way.last_datagram = std::max(at, way.last_datagram);
    if (n > 0 && way.corrupted()) {
      std::string wrong = data.str();
      wrong[way.draw().below(n)] ^= static_cast<char>(1 + way.draw().below(255));
      l.data = u.bytes.copy(std::as_bytes(std::span(wrong)));
    }
    // Within a host it stays in the sender's buffer until it is received. Otherwise it leaves at
    // once.
    l.charged = there == s.home;
    if (l.charged) s.flight_bytes += n + overhead;
    l.way = &way;
    l.at = at;
    l.life = (l.life + 1) & life_mask;
    u.in(at - u.now(), event_kind::datagram, index, l.life);
  }
}

// The sender's address. If the socket is bound to every address, with the one it was sent to.
address sender_of(const socket& s, const letter& l) {
  address from = l.from.to_address();
  if (is_wildcard(s.local)) from.set_source(l.to.ip);
  return from;
}

// Uses the source that the target names, if this host has it. Multicast is not modelled.
bool names_source(const socket& s, const op& o, packet_end& from) {
  if (o.peer == nullptr || !o.peer->has_source()) return false;
  packet_end named = from;
  named.ip = o.peer->source_bytes();
  if (is_wildcard(named) || !s.home->has(named)) return false;
  from = named;
  return true;
}

// Frees the datagram's part of the sender's buffer.
void account(universe& u, const letter& l) {
  socket& s = u.sockets[l.sender];
  if (!l.charged || s.life != l.sender_life) return;
  s.flight_bytes -= l.data.size() + overhead;
  if (s.senders.empty() || s.room_told) return;
  s.room_told = true;
  u.in(0ns, event_kind::departed, s);
}

void serve_receiver(universe& u, socket& s) {
  if (s.has_waiting_receiver() && receive(u, s, *s.receiver)) s.owner->complete(*s.receiver);
}

// Joins consecutive datagrams from one sender, each of the first one's size: udp(7), UDP_GRO.
void join(universe& u, socket& s, op& o) {
  const letter& first = u.letters[s.arrived.head];
  const std::size_t each = first.data.size();
  if (each == 0 || first.next == nothing) return;
  std::size_t total = each;
  std::uint32_t last = s.arrived.head;
  while (u.letters[last].next != nothing) {
    const letter& next = u.letters[u.letters[last].next];
    if (next.from != first.from || next.to != first.to || next.data.size() > each ||
        next.data.empty() || total + next.data.size() > joined_max)
      break;
    total += next.data.size();
    last = u.letters[last].next;
    if (next.data.size() < each) break;
  }
  if (total == each) return;
  const std::span<std::byte> room = u.bytes.room(total, total);
  std::size_t done = 0;
  for (std::uint32_t i = s.arrived.head; done < total; i = u.letters[i].next) {
    const lease& data = u.letters[i].data;
    std::memcpy(room.data() + done, data.data(), data.size());
    done += data.size();
  }
  lease joined = u.bytes.fill(total);
  // Freed only now, because the pool starts over when nothing of its block is lent.
  while (s.arrived.head != last) {
    s.arrived_bytes -= u.letters[s.arrived.head].data.size() + overhead;
    free(u, s.arrived.pop(u.letters));
  }
  s.arrived_bytes += total - u.letters[last].data.size();
  u.letters[last].data = std::move(joined);
  o.segment = static_cast<std::uint32_t>(each);
}

}  // namespace

bool connect(socket& s, op& o) {
  packet_end to = end_of(*o.peer);
  if (o.peer->kind() == address_kind::any) to.ip[15] = 1;
  if (to.family == 0 || (to.family != s.family && !(s.family == 6 && s.dual))) {
    o.code = errc::bad_address;
    return true;
  }
  if (to.family == 6 && !s.home->options.ip6) return fail(o, std::errc::network_unreachable);
  if (is_broadcast(to) && !s.is(option_id::broadcast)) return fail(o, std::errc::permission_denied);
  if (needs_scope(to)) return fail(o, std::errc::invalid_argument);
  if (!s.bound) o.code = ports::bind_for(s, to);
  if (!o.code) s.remote = to;
  return true;
}

bool receive(universe& u, socket& s, op& o) {
  if (failed(s, o)) return true;
  if (s.arrived.empty()) return false;
  if (o.what == verb::arrival) return true;
  o.segment = 0;
  letter& kept = u.letters[s.arrived.head];
  if (kept.segment > 0) {  // joined earlier and put back
    o.segment = kept.segment;
  } else if (o.many) {
    join(u, s, o);
  }
  const std::uint32_t index = s.arrived.head;
  letter& l = u.letters[index];
  const std::size_t before = l.data.size();
  if (o.segment > 0 && !o.many) {
    *o.got = l.data.take_front(o.segment);
    o.segment = 0;
  } else {
    *o.got = std::move(l.data);
    l.data.reset();
  }
  o.count = static_cast<std::int64_t>(o.got->size());
  o.truncated = false;
  if (o.peer != nullptr) *o.peer = sender_of(s, l);
  if (l.data.empty()) {
    s.arrived_bytes -= before + overhead;
    s.arrived.pop(u.letters);
    free(u, index);
  } else {
    s.arrived_bytes -= o.got->size();
  }
  s.last_used = s.owner->turn_time();
  return true;
}

void take_arrived(universe& u, socket& s, arrivals& into, std::size_t most) {
  while (!s.arrived.empty() && into.size() < most) {
    const std::uint32_t index = s.arrived.pop(u.letters);
    letter& l = u.letters[index];
    s.arrived_bytes -= l.data.size() + overhead;
    into.push_back({std::move(l.data), sender_of(s, l), false, l.segment});
    free(u, index);
  }
  s.last_used = s.owner->turn_time();
}

bool send(universe& u, socket& s, op& o) {
  if (failed(s, o)) return true;
  packet_end to = s.remote;
  if (o.peer != nullptr) {
    to = end_of(*o.peer);
    if (o.peer->kind() == address_kind::any) to.family = 0;
    if (to.family == 4 && s.family == 6 && !s.dual) return fail(o, std::errc::network_unreachable);
    if (to.family == 0 || (to.family != s.family && !(s.family == 6 && s.dual))) {
      o.code = errc::bad_address;
      return true;
    }
  }
  if (to.family == 0) return fail(o, std::errc::destination_address_required);
  if (to.port == 0) return fail(o, std::errc::invalid_argument);
  if (to.family == 6 && !s.home->options.ip6) return fail(o, std::errc::network_unreachable);
  if (is_broadcast(to) && !s.is(option_id::broadcast)) return fail(o, std::errc::permission_denied);
  if (machine* const there = u.find(*s.home, to); there != nullptr) {
    o.code = u.way(*s.home, *there).no_route();
    if (o.code) return true;
  }
  if (!s.bound) {
    if (o.code = ports::bind_for(s, to); o.code) return true;
    s.local.ip = {};  // only a port is chosen; it stays bound to every address
    s.local.family = s.family;
  }
  packet_end from = s.local;
  from.family = to.family;
  if (is_wildcard(from) && !names_source(s, o, from)) {
    const bool inside = is_loopback(to) || s.home->has(to);
    from.ip = inside ? to.ip : to.family == 4 ? s.home->ip4().ip : s.home->ip6().ip;
    if (is_loopback(to) && to.family == 4) from.ip = {127, 0, 0, 1};
  }
  s.last_used = s.owner->turn_time();
  const std::size_t left = size_left(o);
  if (o.segment == 0) {
    if (left > datagram_max(to.family)) return fail(o, std::errc::message_size);
    if (s.flight_bytes > s.send_limit) return false;
    o.count = static_cast<std::int64_t>(left);
    post(u, s, from, to, gather(u.bytes, o, left));
    return true;
  }
  for (int runs = 0; more_pieces(o); ++runs) {
    if (s.flight_bytes > s.send_limit) return false;
    if (runs == 64 * runs_max) {  // other operations come first
      s.room_told = true;
      u.in(1us, event_kind::departed, s);
      return false;
    }
    const std::size_t n = std::min<std::size_t>(size_left(o), o.segment);
    post(u, s, from, to, gather(u.bytes, o, n));
    o.count += static_cast<std::int64_t>(n);
  }
  return true;
}

void give_back(universe& u, socket& s, op& o) noexcept {
  const std::uint32_t index = u.letters.make();
  letter& l = u.letters[index];
  const std::uint32_t life = l.life;
  l = letter();
  l.life = life;
  l.data = std::move(*o.got);
  l.segment = o.many ? o.segment : 0;
  if (o.peer != nullptr) {
    l.from = l.to = end_of(*o.peer);
    l.to.ip = o.peer->source_bytes();
  }
  s.arrived_bytes += l.data.size() + overhead;
  s.arrived.push_front(u.letters, index);
  serve_receiver(u, s);
}

void close(universe& u, socket& s) noexcept {
  while (!s.arrived.empty()) free(u, s.arrived.pop(u.letters));
  ports::leave(u, s);
  u.free_socket(s);
}

void on_datagram(universe& u, std::uint32_t index) {
  letter& l = u.letters[index];
  l.way = nullptr;
  const auto lost = [&] {
    u.record(happening::lost, l.from, l.to, l.data);
    account(u, l);
    free(u, index);
  };
  if (l.to_machine == nothing) return lost();
  machine& there = *u.machines[l.to_machine];
  path* way = nullptr;
  if (machine* const from = u.find(there, l.from); from != nullptr) {
    way = &u.way(*from, there);
    if (way->cut() || !there.up) return lost();
    if (way->clogged()) return way->held.push_back({event_kind::datagram, index, l.life});
  }
  u.record(happening::datagram, l.from, l.to, l.data);
  socket* const s = ports::taker(u, there, socket_kind::datagram, l.to, l.from);
  if (s == nullptr) {
    // The sender is notified: ICMP, port unreachable.
    socket& sender = u.sockets[l.sender];
    if (sender.life == l.sender_life && sender.remote == l.to && !u.way(there, *sender.home).cut())
      u.in(u.way(there, *sender.home).latency(), event_kind::unreachable, sender);
  } else if (s->arrived_bytes + l.data.size() + overhead <= std::max(s->receive_limit, overhead)) {
    account(u, l);
    s->arrived_bytes += l.data.size() + overhead;
    l.segment = 0;
    s->arrived.push(u.letters, index);
    if (!s->has_waiting_receiver() || !s->receiver->many) return serve_receiver(u, *s);
    // Datagrams that arrive at the same time are joined.
    if (s->arrived.head == index) u.in(0ns, event_kind::go_on, *s);
    return;
  }
  account(u, l);
  free(u, index);
}

void on_unreachable(universe& u, socket& s) {
  u.record(happening::no_port, s.remote, s.local);
  s.error = static_cast<int>(std::errc::connection_refused);
  serve_receiver(u, s);
}

void on_joined(universe& u, socket& s) { serve_receiver(u, s); }

void on_departed(universe& u, socket& s) {
  s.room_told = false;
  runnable_queue waiting = std::exchange(s.senders, {});
  while (runnable* r = waiting.pop()) {
    op& o = static_cast<op&>(*r);
    if (s.senders.empty()) {
      guard::check_sent(u, o);
      if (send(u, s, o)) {
        s.owner->complete(o);
        continue;
      }
      guard::watch_sent(u, o);
    }
    s.senders.push(o);
  }
}

}  // namespace bight::sim::datagrams
