// SPDX-License-Identifier: MIT
#include "sim/ports.hpp"

#include <algorithm>

namespace bight::sim::ports {

namespace {

bool overlap(const socket& a, const packet_end& at, bool dual) noexcept {
  const bool families = a.local.family == at.family || a.dual || dual;
  if (!families) return false;
  if (is_wildcard(a.local) || is_wildcard(at)) return true;
  return a.local.family == at.family && a.local.ip == at.ip;
}

bool may_share(const socket& a, const socket& b) noexcept {
  if (a.reuse_port && b.reuse_port) return true;
  const bool listens = a.kind == socket_kind::listener || b.kind == socket_kind::listener;
  return a.reuse_address && b.reuse_address && !listens;
}

void enter(socket& s) {
  port_table::entry& e = s.home->ports(s.kind).at(s.local.port);
  s.next_bound = e.first;
  e.first = s.index;
  s.bound = true;
}

// How specifically `s` matches; 0: not at all.
int fitness(const socket& s, const packet_end& to, const packet_end& from) noexcept {
  if (s.remote.family != 0 && s.kind == socket_kind::datagram && s.remote != from) return 0;
  const int known = s.remote.family != 0 ? 4 : 0;
  if (s.local.family == to.family && s.local.ip == to.ip) return 3 + known;
  if (!is_wildcard(s.local)) return 0;
  if (s.local.family == to.family) return 2 + known;
  return s.dual ? 1 + known : 0;
}

}  // namespace

std::error_code bind(universe& u, socket& s, const packet_end& at, bool dual) {
  machine& m = *s.home;
  if (s.bound) return code_of(std::errc::invalid_argument);
  if (needs_scope(at)) return code_of(std::errc::invalid_argument);
  if (!m.has(at)) return code_of(std::errc::address_not_available);
  packet_end name = at;
  if (name.port == 0) {
    name.port = m.free_port(s.kind);
    if (name.port == 0) return code_of(std::errc::address_in_use);
    s.bound_by_us = true;
  }
  for (std::uint32_t i = m.ports(s.kind).first(name.port); i != nothing;
       i = u.sockets[i].next_bound)
    if (overlap(u.sockets[i], name, dual) && !may_share(u.sockets[i], s))
      return code_of(std::errc::address_in_use);
  const auto blocks = [&](const machine::held_port& p) { return !(p.shared && s.reuse_address); };
  if (s.kind != socket_kind::datagram && m.any_held(name.port, blocks))
    return code_of(std::errc::address_in_use);
  s.local = name;
  s.dual = dual;
  enter(s);
  return {};
}

packet_end source_for(machine& m, const packet_end& to) noexcept {
  packet_end from = is_loopback(to) || m.has(to) ? to : to.family == 4 ? m.ip4() : m.ip6();
  if (is_loopback(to)) from.ip = loopback(to.family);
  return from;
}

std::error_code bind_for(socket& s, const packet_end& to) {
  machine& m = *s.home;
  packet_end from = source_for(m, to);
  from.port = m.free_port(s.kind);
  if (from.port == 0) return code_of(std::errc::address_not_available);
  s.bound_by_us = true;
  s.local = from;
  enter(s);
  return {};
}

bool is_taken(universe& u, const socket& s) {
  machine& m = *s.home;
  for (std::uint32_t i = m.ports(s.kind).first(s.local.port); i != nothing;
       i = u.sockets[i].next_bound)
    if (i != s.index && u.sockets[i].local == s.local && u.sockets[i].remote == s.remote)
      return true;
  return m.any_held(s.local.port, [&](const machine::held_port& p) {
    return p.local == s.local && p.remote == s.remote;
  });
}

void leave(universe& u, socket& s) noexcept {
  if (!s.bound) return;
  std::uint32_t* link = &s.home->ports(s.kind).at(s.local.port).first;
  while (*link != s.index) link = &u.sockets[*link].next_bound;
  *link = s.next_bound;
  s.bound = false;
}

socket* taker(universe& u, machine& m, socket_kind k, const packet_end& to,
              const packet_end& from) noexcept {
  int best = 0;
  std::uint32_t sharers = 0;
  const auto each = [&](auto f) {
    for (std::uint32_t i = m.ports(k).first(to.port); i != nothing; i = u.sockets[i].next_bound)
      if (u.sockets[i].kind == k) f(u.sockets[i]);
  };
  each([&](socket& s) {
    const int fits = fitness(s, to, from);
    sharers = fits > best ? 1 : sharers + (fits == best && fits > 0);
    best = std::max(best, fits);
  });
  if (best == 0) return nullptr;
  // Chosen by the sender, as in the kernel, so that all packets of a connection go to one socket.
  std::uint32_t chosen = 0;
  if (sharers > 1) {
    std::uint64_t mixed = from.port;
    for (const std::uint8_t b : from.ip) mixed = mixed * 31 + b;
    chosen = static_cast<std::uint32_t>((mixed * 0x9e3779b97f4a7c15u >> 32) % sharers);
  }
  socket* found = nullptr;
  each([&](socket& s) {
    if (fitness(s, to, from) != best) return;
    if (chosen-- == 0) found = &s;
  });
  return found;
}

}  // namespace bight::sim::ports
