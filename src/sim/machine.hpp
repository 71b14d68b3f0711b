// SPDX-License-Identifier: MIT
#pragma once

/// A simulated host: its addresses, ports, programs and limits.

#include <bight/sim.hpp>

#include "base/names.hpp"
#include "engine/surroundings.hpp"
#include "sim/path.hpp"
#include "sim/socket.hpp"

#include <array>
#include <map>
#include <memory>
#include <vector>

namespace bight::sim {

struct program;

/// The sockets of each port, for one protocol: the first of a chain for each port. In pages,
/// because few ports are used.
class port_table {
 public:
  struct entry {
    std::uint32_t first = nothing;
    std::uint32_t held = 0;  // connections in TIME_WAIT
  };
  [[nodiscard]] entry& at(std::uint16_t port) {
    auto& page = pages_[port / page_size];
    if (page == nullptr) page = std::make_unique<std::array<entry, page_size>>();
    return (*page)[port % page_size];
  }
  [[nodiscard]] std::uint32_t first(std::uint16_t port) const noexcept {
    const auto& page = pages_[port / page_size];
    return page == nullptr ? nothing : (*page)[port % page_size].first;
  }

 private:
  static constexpr std::size_t page_size = 256;
  std::array<std::unique_ptr<std::array<entry, page_size>>, 65536 / page_size> pages_;
};

class machine final : public surroundings {
 public:
  machine(universe& all, std::uint32_t number, std::string_view name, host_options options);

  const std::uint32_t number;
  const std::string name;
  host_options options;
  host facade{*this};
  universe& all;

  bool up = true;
  bool paused = false;
  duration clock_ahead{};
  std::size_t descriptors = 0;
  std::size_t descriptors_now_max;  // the limit that a fault has set
  unsigned pauses = 0;              // number of faults that pause it
  random_stream draw;

  [[nodiscard]] bool stands_still() const noexcept { return paused || pauses > 0; }
  [[nodiscard]] bool may_open() const noexcept { return descriptors < descriptors_now_max; }

  // ── Surroundings ────────────────────────────────────────────────────────────────────────────

  void secrets(std::span<std::byte> into) noexcept override;
  [[nodiscard]] std::int64_t date() const noexcept override;

  // ── Addresses ───────────────────────────────────────────────────────────────────────────────

  [[nodiscard]] packet_end ip4(std::uint16_t port = 0) const noexcept;
  [[nodiscard]] packet_end ip6(std::uint16_t port = 0) const noexcept;
  /// Whether it is an address of this host, or a loopback address.
  [[nodiscard]] bool has(const packet_end& e) const noexcept;

  // ── Ports ───────────────────────────────────────────────────────────────────────────────────

  [[nodiscard]] port_table& ports(socket_kind k) noexcept {
    return k == socket_kind::datagram ? udp_ : tcp_;
  }
  /// Returns a free port; 0 if all are in use.
  [[nodiscard]] std::uint16_t free_port(socket_kind k);
  /// A connection that has ended, but whose packets may still arrive.
  struct held_port {
    packet_end local;
    packet_end remote;
    bool shared = false;  // it had SO_REUSEADDR
    duration until{};
  };
  /// Reserves the TCP port of an ended connection for `time_wait`.
  void hold_port(held_port p) noexcept;
  /// Whether `f` is true for one of the connections that hold `port`.
  template <class F>
  [[nodiscard]] bool any_held(std::uint16_t port, F f) {
    let_ports_go();
    if (tcp_.at(port).held == 0) return false;
    for (std::size_t i = held_first_; i < held_.size(); ++i)
      if (held_[i].local.port == port && f(held_[i])) return true;
    return false;
  }
  static constexpr duration time_wait = 60s;  // Linux, TCP_TIMEWAIT_LEN

  std::map<std::string, std::uint32_t, std::less<>>
      unix_names;  // to listeners; nothing: a leftover file

  // ── Standard streams ────────────────────────────────────────────────────────────────────────

  std::string input;
  bool input_ended = false;
  std::string outputs[2];

  std::vector<program*> programs;
  program* console = nullptr;
  std::vector<std::unique_ptr<path>> ways;  // to each host, by number; made when needed

 private:
  void let_ports_go();
  static constexpr std::uint16_t port_first = 32768;  // ip(7), ip_local_port_range
  static constexpr std::uint16_t port_last = 60999;

  random_stream secrets_;
  port_table tcp_;
  port_table udp_;
  std::vector<held_port> held_;  // from held_first_ on, in the order in which they end
  std::size_t held_first_ = 0;
  std::uint16_t next_port_;
};

[[nodiscard]] packet_end end_of(const address& a) noexcept;
[[nodiscard]] bool is_loopback(const packet_end& e) noexcept;
/// 127.0.0.1, or ::1.
[[nodiscard]] decltype(packet_end::ip) loopback(std::uint8_t family) noexcept;
[[nodiscard]] bool is_wildcard(const packet_end& e) noexcept;
[[nodiscard]] bool is_multicast(const packet_end& e) noexcept;
[[nodiscard]] bool is_broadcast(const packet_end& e) noexcept;
/// Whether an IPv6 address needs an interface: RFC 4007.
[[nodiscard]] bool needs_scope(const packet_end& e) noexcept;

}  // namespace bight::sim
