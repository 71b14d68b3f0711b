// SPDX-License-Identifier: MIT
#pragma once

/// Ends datagram loops: two servers that answer each other forever (CVE-2024-2169).
///
/// One datagram with a forged source starts such a loop, and nothing in UDP ends it. A loop differs
/// from a client in that it repeats the same few datagrams.

#include <bight/address.hpp>

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string_view>

namespace tool {

/// Decides which datagrams to answer. Does not answer:
///
/// - datagrams from ports below 1024. Servers use these ports, as in inetd; clients do not. No
/// reply
///   can be sent to port 0.
/// - some datagrams from a peer that has sent 256 more repeated datagrams than new ones. As many
/// are
///   ignored as the peer has different datagrams, so each datagram of a loop is ignored once, and
///   the loop ends. A client that numbers its datagrams is always answered. A client that repeats a
///   single datagram misses one reply in 256.
///
/// Memory is bounded: a peer may replace another one, whose count then starts again.
///
/// threads  any.
class loop_guard {
 public:
  static constexpr int repeats_max = 256;

  [[nodiscard]] bool may_answer(const bight::address& peer, std::string_view datagram);

 private:
  struct peer_state {
    std::size_t peer = 0;       // its hash
    std::bitset<2048> seen;     // hashes of its datagrams
    int repeats = 0;            // repeated datagrams minus new ones
    std::size_t to_ignore = 0;  // how many to ignore now
  };
  static constexpr std::size_t peers = 512;

  std::mutex lock_;  // over what follows
  std::array<peer_state, peers> states_;
};

}  // namespace tool
