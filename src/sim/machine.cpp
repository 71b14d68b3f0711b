// SPDX-License-Identifier: MIT
#include "sim/machine.hpp"

#include "sim/universe.hpp"

#include <algorithm>
#include <new>

namespace bight::sim {

machine::machine(universe& of, std::uint32_t n, std::string_view called, host_options o)
    : number(n),
      name(called),
      options(o),
      all(of),
      descriptors_now_max(o.descriptors_max),
      draw(of.options.seed, "host " + name),
      secrets_(of.options.seed, "secrets " + name) {
  next_port_ = static_cast<std::uint16_t>(port_first + draw.below(port_last - port_first + 1));
}

void machine::secrets(std::span<std::byte> into) noexcept {
  for (std::byte& b : into) b = static_cast<std::byte>(secrets_.next() >> 56);
}

std::int64_t machine::date() const noexcept {
  const auto passed = std::chrono::floor<std::chrono::seconds>(all.now() + clock_ahead);
  return (all.options.date + passed).time_since_epoch().count();
}

// 10.0.0.1, 10.0.0.2, …; fd00::a00:1, ….
packet_end machine::ip4(std::uint16_t port) const noexcept {
  const std::uint32_t host = number + 1;
  packet_end e{4, port, {}};
  e.ip = {10, static_cast<std::uint8_t>(host >> 16), static_cast<std::uint8_t>(host >> 8),
          static_cast<std::uint8_t>(host)};
  return e;
}

packet_end machine::ip6(std::uint16_t port) const noexcept {
  packet_end e{6, port, {}};
  const packet_end four = ip4();
  e.ip[0] = 0xfd;
  std::copy_n(four.ip.begin(), 4, e.ip.begin() + 12);
  return e;
}

bool machine::has(const packet_end& e) const noexcept {
  if (is_wildcard(e) || is_loopback(e)) return e.family == 4 || options.ip6;
  return e.ip == (e.family == 4 ? ip4().ip : ip6().ip) && (e.family == 4 || options.ip6);
}

void machine::let_ports_go() {
  while (held_first_ < held_.size() && held_[held_first_].until <= all.now())
    --tcp_.at(held_[held_first_++].local.port).held;
  if (held_first_ > 1024 && held_first_ > held_.size() / 2) {
    held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(held_first_));
    held_first_ = 0;
  }
}

std::uint16_t machine::free_port(socket_kind k) {
  let_ports_go();
  port_table& table = ports(k);
  for (int i = 0; i <= port_last - port_first; ++i) {
    const std::uint16_t port = next_port_;
    next_port_ = port == port_last ? port_first : static_cast<std::uint16_t>(port + 1);
    const port_table::entry& e = table.at(port);
    if (e.first == nothing && e.held == 0) return port;
  }
  return 0;
}

void machine::hold_port(held_port p) noexcept {
  p.until = all.now() + time_wait;
  try {
    held_.push_back(p);
    ++tcp_.at(p.local.port).held;
  } catch (const std::bad_alloc&) {  // free at once, as beyond net.ipv4.tcp_max_tw_buckets
  }
}

packet_end end_of(const address& a) noexcept {
  packet_end e;
  e.port = a.port();
  if (a.kind() == address_kind::ip4) e.family = 4;
  if (a.kind() == address_kind::ip6 || a.kind() == address_kind::any) e.family = 6;
  if (a.is_ip()) e.ip = a.bytes();
  return e;
}

bool is_loopback(const packet_end& e) noexcept {
  if (e.family == 4) return e.ip[0] == 127;
  return std::all_of(e.ip.begin(), e.ip.end() - 1, [](auto b) { return b == 0; }) && e.ip[15] == 1;
}

decltype(packet_end::ip) loopback(std::uint8_t family) noexcept {
  decltype(packet_end::ip) ip{};
  if (family == 4)
    ip = {127, 0, 0, 1};
  else
    ip[15] = 1;
  return ip;
}

bool is_multicast(const packet_end& e) noexcept {
  return e.family == 4 ? e.ip[0] >> 4 == 14 : e.family == 6 && e.ip[0] == 0xff;
}

// The limited broadcast address, and the one of the loopback network.
bool is_broadcast(const packet_end& e) noexcept {
  return e.family == 4 && (e.ip[0] == 255 || e.ip[0] == 127) && e.ip[1] == 255 && e.ip[2] == 255 &&
         e.ip[3] == 255;
}

bool needs_scope(const packet_end& e) noexcept {
  if (e.family != 6) return false;
  return (e.ip[0] == 0xfe && e.ip[1] >> 6 == 2) || (e.ip[0] == 0xff && (e.ip[1] & 15) <= 2);
}

bool is_wildcard(const packet_end& e) noexcept {
  return std::all_of(e.ip.begin(), e.ip.end(), [](auto b) { return b == 0; });
}

}  // namespace bight::sim
