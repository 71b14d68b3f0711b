// SPDX-License-Identifier: MIT
#pragma once

/// Ends loops of datagrams: two servers that answer each other for ever (CVE-2024-2169).
///
/// One datagram with a forged source begins such a loop, and nothing in UDP ends it. A loop cannot
/// be told from a client by one datagram, but by many: its datagrams are always the same few.

#include <bight/address.hpp>

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string_view>

namespace tool {

/// Decides which datagrams to answer. Not:
///
/// - those from ports below 1024: these are servers, as inetd has it, and clients do not use them.
///   Nor those from port 0, to which no answer can go.
/// - some of those from a peer that sends what it has sent before, once it has done so 256 times
///   more often than it has sent anything new. As many are passed over as there are different ones,
///   so every datagram of a loop is: the loop has ended. A client that numbers its datagrams never
///   loses one here; one that repeats a single datagram without end loses one in 256.
///
/// Memory is bounded: a peer may take the place of another, which then begins anew.
///
/// threads  any.
class loop_guard {
 public:
  static constexpr int repeats_max = 256;

  [[nodiscard]] bool may_answer(const bight::address& peer, std::string_view datagram);

 private:
  struct peer_state {
    std::size_t peer = 0;       // its hash
    std::bitset<2048> seen;     // hashes of what it has sent
    int repeats = 0;            // less what was new
    std::size_t to_ignore = 0;  // of the repeated
  };
  static constexpr std::size_t peers = 512;

  std::mutex lock_;  // over what follows
  std::array<peer_state, peers> states_;
};

}  // namespace tool
