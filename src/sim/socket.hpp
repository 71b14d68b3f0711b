// SPDX-License-Identifier: MIT
#pragma once

/// A socket of a simulated host.

#include <bight/machinery/op.hpp>
#include <bight/options.hpp>
#include <bight/sim_trace.hpp>

#include "base/names.hpp"
#include "engine/socket_core.hpp"
#include "sim/slab.hpp"

#include <array>
#include <memory>
#include <utility>
#include <vector>

namespace bight::sim {

class machine;
class path;
class sim_engine;

inline constexpr std::uint8_t unix_family = 1;  // beside 4 and 6

/// A part of a stream on its way: bytes, or a segment without any.
struct parcel {
  enum class sort : std::uint8_t { bytes, fin, reset, welcome, hello };

  lease data;
  duration at{};     // when it arrives, or when its loss is noticed
  duration went{};   // when it was last sent
  duration since{};  // when it was first sent
  std::uint32_t next = nothing;
  sort what = sort::bytes;
  bool lost = false;
  std::uint8_t tries = 0;  // timeouts so far

  /// Whether it is retransmitted if lost. A reset is not, and the client repeats its request
  /// instead of a lost answer.
  [[nodiscard]] bool sent_again() const noexcept {
    return what != sort::reset && what != sort::welcome;
  }
};

/// A datagram on its way, or waiting to be received.
struct letter {
  lease data;
  packet_end from;
  packet_end to;
  std::uint32_t next = nothing;
  std::uint32_t sender = nothing;
  std::uint32_t sender_life = 0;
  path* way = nullptr;                 // while it is on its way
  duration at{};                       // when it arrives
  std::uint32_t life = 0;              // of its arrival event
  bool charged = false;                // counted in the sender's buffer
  std::uint32_t to_machine = nothing;  // nothing: lost on the way
  std::uint32_t segment = 0;           // bytes of each of several joined datagrams; 0: one
};

enum class socket_kind : std::uint8_t { stream, listener, datagram, text };
enum class stage : std::uint8_t { fresh, connecting, open, over };

inline constexpr std::size_t option_count = static_cast<std::size_t>(option_id::urgent_inline) + 1;

/// Fields that few sockets need.
struct rare_things {
  std::array<int, option_count> options{};
  std::uint32_t options_set = 0;  // bits
  // For listeners.
  fifo accepted;
  std::size_t accepted_count = 0;
  std::size_t in_handshake = 0;
  std::size_t backlog = 0;
  std::vector<std::pair<std::uint32_t, std::uint32_t>>
      waiting;  // connects that wait for room in a unix backlog
  // For streams with keep-alive.
  unsigned probes = 0;
};

struct socket : socket_core {
  std::uint32_t index = nothing;
  std::uint32_t next = nothing;  // in the slab, or in a listener's queue
  std::uint32_t life = 0;        // changes each time the number is reused
  std::uint32_t generation = 0;  // of the handle
  machine* home = nullptr;
  sim_engine* owner = nullptr;  // null: not open in any program
  std::uint32_t of_owner_previous = nothing;
  std::uint32_t of_owner_next = nothing;

  socket_kind kind = socket_kind::stream;
  stage at = stage::fresh;
  std::uint8_t family = 4;
  bool dual : 1 = false;         // IPv6 that also accepts IPv4
  bool bound : 1 = false;        // in the table of ports
  bool bound_by_us : 1 = false;  // to a port that the system has chosen
  bool orphan : 1 = false;       // closed by its program
  bool queued : 1 = false;       // not accepted yet
  bool admitted : 1 = false;     // ready to be accepted
  bool reuse_port : 1 = false;
  bool reuse_address : 1 = false;
  bool reset_sent : 1 = false;
  bool fin_arrived : 1 = false;
  bool ended_second : 1 = false;  // the peer ended its direction first
  bool room_told : 1 = false;     // a room event is queued
  bool unlucky : 1 = false;       // its connection requests are always lost
  bool unlinks : 1 = false;       // a unix listener that removes its file

  packet_end local;
  packet_end remote;
  std::uint32_t local_path = 0;  // numbers of unix names; 0: none
  std::uint32_t remote_path = 0;
  std::uint32_t next_bound = nothing;

  std::uint32_t peer = nothing;
  std::uint32_t peer_life = 0;
  std::uint32_t peer_machine = nothing;
  path* way = nullptr;     // to the peer
  runnable_queue senders;  // send, connect; a stream has one at most

  fifo unsent;
  fifo flight;
  fifo arrived;
  std::uint64_t unsent_bytes = 0;
  std::uint64_t flight_bytes = 0;
  std::uint64_t arrived_bytes = 0;
  std::uint64_t sent = 0;      // bytes of the stream, including those in flight
  std::uint64_t received = 0;  // bytes of the stream, received by the program or not
  std::size_t send_limit = 0;
  std::size_t receive_limit = 0;
  duration asked{};          // when it sent its last connection request
  duration unheard_since{};  // since when no acknowledgement can reach it
  int error = 0;             // an errno: for good of a stream, for the next operation of datagrams
  std::uint8_t tries = 0;    // of the connection request
  std::uint8_t unheard = 0;  // timeouts while no acknowledgement can reach it; 0: one can
  std::unique_ptr<rare_things> rare;

  /// Whether it has sent more than `received` bytes of its stream.
  [[nodiscard]] bool sent_beyond(std::uint64_t had) const noexcept {
    return sent + unsent_bytes > had;
  }
  [[nodiscard]] rare_things& extra() {
    if (rare == nullptr) rare = std::make_unique<rare_things>();
    return *rare;
  }
  [[nodiscard]] bool is(option_id id) const noexcept { return option(id, 0) != 0; }
  [[nodiscard]] int option(option_id id, int unless_set) const noexcept {
    const auto i = static_cast<std::size_t>(id);
    return rare != nullptr && (rare->options_set >> i & 1u) != 0 ? rare->options[i] : unless_set;
  }
  [[nodiscard]] op* sender() const noexcept { return static_cast<op*>(senders.front()); }
};

}  // namespace bight::sim
