// SPDX-License-Identifier: MIT
#pragma once

/// One direction between two hosts: what becomes of a packet that is sent.
///
/// Left out: routers, fragments (a datagram larger than a packet is as many chances to be lost),
/// checksums. A program that measures paths could notice.

#include <bight/sim.hpp>

#include "base/names.hpp"
#include "engine/sim/event_queue.hpp"

#include <algorithm>
#include <cstdint>
#include <system_error>
#include <vector>

namespace bight::sim {

class path {
 public:
  path(std::uint64_t seed, std::string_view name, path_options options);

  /// The way of one packet of `size` bytes that is sent at `now`.
  struct fate {
    duration delay{};  ///< until it arrives
    bool lost = false;
  };
  [[nodiscard]] fate send(duration now, std::size_t size);

  /// How long a sender waits for an acknowledgement before it sends again, after `tries` time-outs
  /// in a row: the round trip and Linux's 200 ms, doubled each time, 120 s at most (RFC 6298 §5).
  [[nodiscard]] static duration time_out(duration round_trip, unsigned tries) noexcept;
  static constexpr unsigned tries_max = 15;  ///< then it gives up: tcp(7), tcp_retries2

  [[nodiscard]] bool twice() { return draw_.chance(now_.duplicate); }
  [[nodiscard]] bool corrupted() { return draw_.chance(now_.corrupt); }
  [[nodiscard]] duration overtaken();  ///< how much later a datagram comes that is reordered
  [[nodiscard]] random_stream& draw() noexcept { return draw_; }

  [[nodiscard]] const path_options& options() const noexcept { return set_; }
  void set(path_options options) noexcept;
  /// What faults make of the options; as they were set when they are over.
  void worsen(const path_options& faulty) noexcept { now_ = faulty; }
  void mend() noexcept { set(set_); }
  /// Packets that wait for the rate have left by `now`: the path has changed.
  void flush(duration now) noexcept { free_at_ = std::min(free_at_, now); }
  [[nodiscard]] duration latency() const noexcept { return now_.latency; }
  /// What nearly every packet takes at most.
  [[nodiscard]] duration trip_max() const noexcept { return now_.latency + now_.jitter; }
  /// Bytes of a TCP segment, of a UDP datagram that is a packet.
  [[nodiscard]] std::size_t segment() const noexcept { return now_.packet - 40; }
  [[nodiscard]] std::size_t packet() const noexcept { return now_.packet; }

  // By the scenario, and counted by faults, which may overlap.
  bool cut_by_hand = false;
  bool clogged_by_hand = false;
  unsigned cuts = 0;
  unsigned clogs = 0;
  /// Nothing arrives.
  [[nodiscard]] bool cut() const noexcept {
    return cut_by_hand || cuts > 0 || now_.routed != route::present;
  }
  /// What the sender's system says when it has no way to send; none when it has.
  [[nodiscard]] std::error_code no_route() const noexcept;
  [[nodiscard]] bool clogged() const noexcept { return clogged_by_hand || clogs > 0; }
  struct waiting {
    event_kind kind;
    std::uint32_t subject;
    std::uint32_t life;
  };
  std::vector<waiting> held;  ///< by clogs
  duration last_datagram{};   ///< when the last of those that keep their order arrives

 private:
  [[nodiscard]] duration trip();

  path_options set_;
  path_options now_;
  random_stream draw_;
  duration free_at_{};  // when what is queued for the rate has gone
  std::uint64_t burst_left_ = 0;
};

}  // namespace bight::sim
