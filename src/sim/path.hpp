// SPDX-License-Identifier: MIT
#pragma once

/// One direction between two hosts: it decides what happens to each packet.
///
/// Not modelled: routers, checksums, and fragments (each packet of a large datagram can be lost). A
/// program that measures paths could notice.

#include <bight/sim.hpp>

#include "base/names.hpp"
#include "sim/event_queue.hpp"

#include <algorithm>
#include <cstdint>
#include <system_error>
#include <vector>

namespace bight::sim {

class path {
 public:
  path(std::uint64_t seed, std::string_view name, path_options options);

  /// The fate of one packet of `size` bytes that is sent at `now`.
  struct fate {
    duration delay{};  ///< time until it arrives
    bool lost = false;
  };
  [[nodiscard]] fate send(duration now, std::size_t size);

  /// How long a sender waits for an acknowledgement before it retransmits, after `tries` timeouts
  /// in a row: the round trip plus Linux's 200 ms, doubled each time, at most 120 s (RFC 6298 §5).
  [[nodiscard]] static duration time_out(duration round_trip, unsigned tries) noexcept;
  static constexpr unsigned tries_max = 15;  ///< then the connection fails: tcp(7), tcp_retries2

  [[nodiscard]] bool twice() { return draw_.chance(now_.duplicate); }
  [[nodiscard]] bool corrupted() { return draw_.chance(now_.corrupt); }
  [[nodiscard]] duration overtaken();  ///< the extra delay of a reordered datagram
  [[nodiscard]] random_stream& draw() noexcept { return draw_; }

  [[nodiscard]] const path_options& options() const noexcept { return set_; }
  void set(path_options options) noexcept;
  /// The options as changed by faults; unchanged when the faults are over.
  void worsen(const path_options& faulty) noexcept { now_ = faulty; }
  void mend() noexcept { set(set_); }
  /// Lets packets that wait for the rate leave at `now`, because the path has changed.
  void flush(duration now) noexcept { free_at_ = std::min(free_at_, now); }
  [[nodiscard]] duration latency() const noexcept { return now_.latency; }
  /// The delay that nearly no packet exceeds.
  [[nodiscard]] duration trip_max() const noexcept { return now_.latency + now_.jitter; }
  /// Bytes of a TCP segment, or of a UDP datagram that fits into a packet.
  [[nodiscard]] std::size_t segment() const noexcept { return now_.packet - 40; }
  [[nodiscard]] std::size_t packet() const noexcept { return now_.packet; }

  // Set by the scenario, and counted by faults, which may overlap.
  bool cut_by_hand = false;
  bool clogged_by_hand = false;
  unsigned cuts = 0;
  unsigned clogs = 0;
  /// Whether nothing arrives.
  [[nodiscard]] bool cut() const noexcept {
    return cut_by_hand || cuts > 0 || now_.routed != route::present;
  }
  /// The error that the sender's system returns if it has no route.
  [[nodiscard]] std::error_code no_route() const noexcept;
  [[nodiscard]] bool clogged() const noexcept { return clogged_by_hand || clogs > 0; }
  struct waiting {
    event_kind kind;
    std::uint32_t subject;
    std::uint32_t life;
  };
  std::vector<waiting> held;  ///< events held back by clogs
  duration last_datagram{};   ///< arrival of the last datagram that was not reordered

 private:
  [[nodiscard]] duration trip();

  path_options set_;
  path_options now_;
  random_stream draw_;
  duration free_at_{};  // when the queue for the rate is empty
  std::uint64_t burst_left_ = 0;
};

}  // namespace bight::sim
