// SPDX-License-Identifier: MIT
// How a stream starts: the request, the backlog, the two halves of the handshake.

#include "sim/faults.hpp"
#include "sim/ports.hpp"
#include "sim/streams.hpp"

#include <algorithm>

namespace bight::sim::streams {

namespace {

constexpr unsigned ask_tries_max = 6;  // tcp(7), tcp_syn_retries

duration ask_time_out(unsigned tries) noexcept { return 1s * (1u << tries); }

socket* listener_of(universe& u, const socket& child) noexcept {
  // Until it is accepted, a child's `next_bound` and `of_owner_previous` name its listener.
  socket& l = u.sockets[child.of_owner_previous];
  return l.life == child.of_owner_next && l.kind == socket_kind::listener ? &l : nullptr;
}

// The request or its answer was lost: repeats it after its timeout.
void ask_again(universe& u, socket& s) {
  u.record(happening::lost, s.local, s.remote);
  const duration due = s.asked + ask_time_out(s.tries);
  u.in(std::max(due - u.now(), duration(0)), event_kind::ask_again, s);
}

void ask(universe& u, socket& s) {
  s.asked = u.now();
  if (s.way == nullptr) return ask_again(u, s);  // no such host, so no answer
  const path::fate f = s.way->send(u.now(), 60);
  if (f.lost) return ask_again(u, s);
  u.in(f.delay, event_kind::ask, s);
}

void refuse(universe& u, socket& s) {
  path& back = way_back(u, s);
  if (back.cut()) return ask_again(u, s);
  const path::fate f = back.send(u.now(), 40);
  if (f.lost) return ask_again(u, s);
  u.record(happening::reset, s.remote, s.local);
  u.in(f.delay, event_kind::refused, s);
}

socket& make_child(universe& u, socket& listener, socket& client, const packet_end& at) {
  socket& c = u.make_socket(*listener.home, socket_kind::stream, client.family);
  c.at = stage::open;
  c.queued = true;
  c.local = at;
  c.remote = client.local;
  c.local_path = listener.local_path;
  c.peer = client.index;
  c.peer_life = client.life;
  c.peer_machine = client.home->number;
  c.way = &u.way(*listener.home, *client.home);
  c.of_owner_previous = listener.index;
  c.of_owner_next = listener.life;
  if (listener.rare->options_set != 0) {
    c.extra().options = listener.rare->options;
    c.extra().options_set = listener.rare->options_set;
    c.send_limit = listener.send_limit;
    c.receive_limit = listener.receive_limit;
  }
  client.peer = c.index;
  client.peer_life = c.life;
  ++listener.rare->in_handshake;
  return c;
}

socket* unix_listener(universe& u, machine& m, std::uint32_t name) {
  const auto found = m.unix_names.find(u.unix_paths[name]);
  if (found == m.unix_names.end() || found->second == nothing) return nullptr;
  return &u.sockets[found->second];
}

// The error of Linux for addresses that cannot be connected to.
std::error_code refused_destination(const socket& s, const packet_end& to) noexcept {
  const bool no_ip6 = to.family == 6 && !s.home->options.ip6;
  if (no_ip6 || is_multicast(to) || is_broadcast(to))
    return code_of(std::errc::network_unreachable);
  if (needs_scope(to)) return code_of(std::errc::invalid_argument);
  return {};
}

}  // namespace

bool connect(universe& u, socket& s, op& o) {
  if (s.at != stage::fresh) {
    o.code =
        code_of(s.at == stage::over ? std::errc::connection_aborted : std::errc::already_connected);
    return true;
  }
  if (s.family == unix_family) {
    if (!o.peer->is_unix()) return refuse(o, code_of(std::errc::address_family_not_supported));
    const std::string path = o.peer->host();
    const auto found = s.home->unix_names.find(path);
    if (found == s.home->unix_names.end() || found->second == nothing) {
      const bool missing = found == s.home->unix_names.end() && path[0] != '@';
      o.code =
          code_of(missing ? std::errc::no_such_file_or_directory : std::errc::connection_refused);
      return true;
    }
    s.remote_path = u.sockets[found->second].local_path;
    s.way = &u.way(*s.home, *s.home);
    s.peer_machine = s.home->number;
  } else {
    packet_end to = end_of(*o.peer);
    if (o.peer->kind() == address_kind::any) to.ip[15] = 1;
    if (to.family != s.family && !(s.family == 6 && s.dual)) to.family = 0;
    if (to.family == 0) return refuse(o, errc::bad_address);
    if (is_wildcard(to)) to.ip = loopback(to.family);  // as in Linux: ip(7)
    o.code = refused_destination(s, to);
    if (!o.code && !s.bound) o.code = ports::bind_for(s, to);
    if (o.code) return true;
    if (is_wildcard(s.local)) s.local.ip = ports::source_for(*s.home, to).ip;
    s.remote = to;
    if (s.local == to)  // simultaneous open with itself, refused as by the other engines
      return refuse(o, code_of(std::errc::connection_refused));
    if (!s.bound_by_us && ports::is_taken(u, s)) {
      s.remote = {};
      return refuse(o, code_of(std::errc::address_not_available));
    }
    machine* there = u.find(*s.home, to);
    s.way = there != nullptr ? &u.way(*s.home, *there) : nullptr;
    s.peer_machine = there != nullptr ? there->number : nothing;
    if (s.way != nullptr && s.way->no_route()) {
      o.code = s.way->no_route();
      return true;
    }
  }
  s.at = stage::connecting;
  s.senders.push(o);
  ask(u, s);
  return false;
}

void on_ask(universe& u, socket& s) {
  if (s.at != stage::connecting) return;
  if (s.way->cut() || !u.machines[s.peer_machine]->up) return ask_again(u, s);
  if (s.way->clogged()) return s.way->held.push_back({event_kind::ask, s.index, s.life});
  machine& there = *u.machines[s.peer_machine];
  const bool over_network = &there != s.home;
  if (over_network && u.faults->hangs(s)) return ask_again(u, s);
  socket* l = s.family == unix_family
                  ? unix_listener(u, there, s.remote_path)
                  : ports::taker(u, there, socket_kind::listener, s.remote, s.local);
  if (l == nullptr || (over_network && u.faults->refuses())) return refuse(u, s);
  // Linux holds one more than the backlog. Further requests get no answer and are repeated.
  rare_things& queue = *l->rare;
  if (queue.accepted_count + queue.in_handshake > queue.backlog) {
    // A unix socket waits for room instead: unix(7).
    if (s.family == unix_family) return queue.waiting.emplace_back(s.index, s.life), void();
    return ask_again(u, s);
  }
  u.record(happening::syn, s.local, s.remote);
  launch(u, make_child(u, *l, s, s.remote), parcel::sort::welcome, {});
}

void on_ask_again(universe& u, socket& s) {
  if (s.at != stage::connecting) return;
  if (s.tries++ == ask_tries_max) return on_reset(u, s, std::errc::timed_out);
  ask(u, s);
}

// The answer to the client is lost. The client repeats its request, and finds the listener as it is
// then.
void welcome_lost(universe& u, socket& child) {
  socket* const client = u.peer_of(child);
  give_up_child(u, child);
  if (client != nullptr && client->at == stage::connecting) ask_again(u, *client);
}

// The client has the listener's answer: its half is open, and it completes the handshake.
void established(universe& u, socket& s) {
  s.at = stage::open;
  u.record(happening::syn_ack, s.remote, s.local);
  launch(u, s, parcel::sort::hello, {});
  keep_alive(u, s);
  op* const o = s.sender();
  if (o == nullptr) return;  // cancelled, but its socket is not closed yet
  static_cast<void>(s.senders.pop());
  s.last_used = s.owner->turn_time();
  s.owner->complete(*o);
}

namespace {
void serve_acceptor(universe& u, socket& l) {
  if (l.has_waiting_receiver() && accept(u, l, *l.receiver)) l.owner->complete(*l.receiver);
}
}  // namespace

// The other half is open too, so the connection can be accepted.
void admit(universe& u, socket& child) {
  socket* l = listener_of(u, child);
  if (l == nullptr) {  // the listener has been closed
    child.queued = false;
    return close(u, child, true);
  }
  child.admitted = true;
  rare_things& queue = *l->rare;
  --queue.in_handshake;
  ++queue.accepted_count;
  queue.accepted.push(u.sockets, child.index);
  serve_acceptor(u, *l);
}

// The client has gone before its half was open.
void give_up_child(universe& u, socket& child) noexcept {
  if (socket* l = listener_of(u, child)) --l->rare->in_handshake;
  child.queued = false;
  release(u, child);
}

namespace {

// Lets connects that wait for room in a unix backlog try again.
void let_waiting_ask(universe& u, rare_things& queue) {
  for (const auto& [index, life] : std::exchange(queue.waiting, {}))
    u.in(0ns, event_kind::ask, index, life);
}

}  // namespace

bool accept(universe& u, socket& l, op& o) {
  if (l.kind != socket_kind::listener) {
    o.code = code_of(std::errc::invalid_argument);
    return true;
  }
  rare_things& queue = *l.rare;
  if (queue.accepted.empty()) return false;
  if (!l.home->may_open()) {
    o.code = code_of(std::errc::too_many_files_open);
    return true;
  }
  if (const std::errc fault = u.faults->accept_error(*l.home); fault != std::errc()) {
    o.code = code_of(fault);
    return true;
  }
  socket& child = u.sockets[queue.accepted.pop(u.sockets)];
  --queue.accepted_count;
  child.queued = false;
  let_waiting_ask(u, queue);
  o.extra = pack_handle(o.on);
  o.on = l.owner->take(child);
  keep_alive(u, child);
  return true;
}

void give_back_accepted(universe& u, socket& l, socket& child) noexcept {
  child.owner->forget(child);
  child.queued = true;
  child.of_owner_previous = l.index;
  child.of_owner_next = l.life;
  l.rare->accepted.push_front(u.sockets, child.index);
  ++l.rare->accepted_count;
  serve_acceptor(u, l);
}

void close_listener(universe& u, socket& l) noexcept {
  rare_things& queue = *l.rare;
  let_waiting_ask(u, queue);
  if (l.family == unix_family) {
    machine& m = *l.home;
    const std::string& name = u.unix_paths[l.local_path];
    if (l.unlinks)
      m.unix_names.erase(name);
    else if (const auto found = m.unix_names.find(name); found != m.unix_names.end())
      found->second = nothing;
  }
  while (!queue.accepted.empty()) {
    socket& child = u.sockets[queue.accepted.pop(u.sockets)];
    child.queued = false;
    close(u, child, true);
  }
  // Connections in the handshake are reset when it completes.
  ports::leave(u, l);
  u.free_socket(l);
}

}  // namespace bight::sim::streams
