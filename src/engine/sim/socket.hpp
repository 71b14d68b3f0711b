// SPDX-License-Identifier: MIT
#pragma once

/// What the simulated systems know about one socket.

#include <bight/machinery/op.hpp>
#include <bight/options.hpp>
#include <bight/sim_trace.hpp>

#include "base/names.hpp"
#include "engine/sim/slab.hpp"
#include "engine/socket_core.hpp"

#include <array>
#include <memory>
#include <utility>
#include <vector>

namespace bight::sim {

class machine;
class path;
class sim_engine;

inline constexpr std::uint8_t unix_family = 1;  // beside 4 and 6

/// Something of a stream on its way: bytes, or a sign without any.
struct parcel {
  enum class sort : std::uint8_t { bytes, fin, reset, welcome, hello };

  lease data;
  duration at{};     // when it arrives, or when its loss is noticed
  duration went{};   // when it was sent last
  duration since{};  // when it was sent first
  std::uint32_t next = nothing;
  sort what = sort::bytes;
  bool lost = false;
  std::uint8_t tries = 0;  // time-outs so far

  /// A lost reset is not repeated, and a lost answer to a request is asked for again.
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
  std::uint32_t life = 0;              // of the event that lets it arrive
  bool charged = false;                // to the buffer of its sender
  std::uint32_t to_machine = nothing;  // nothing: it is lost on the way
  std::uint32_t segment = 0;           // several, joined, of so many bytes each
};

enum class socket_kind : std::uint8_t { stream, listener, datagram, text };
enum class stage : std::uint8_t { fresh, connecting, open, over };

inline constexpr std::size_t option_count = static_cast<std::size_t>(option_id::urgent_inline) + 1;

/// What few sockets need.
struct rare_things {
  std::array<int, option_count> options{};
  std::uint32_t options_set = 0;  // bits
  // A listener's.
  fifo accepted;
  std::size_t accepted_count = 0;
  std::size_t in_handshake = 0;
  std::size_t backlog = 0;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> waiting;  // for room in a unix backlog
  // A stream's that is kept alive.
  unsigned probes = 0;
};

struct socket : socket_core {
  std::uint32_t index = nothing;
  std::uint32_t next = nothing;  // the slab's, or in a listener's queue
  std::uint32_t life = 0;        // another one each time the number is used again
  std::uint32_t generation = 0;  // of the handle
  machine* home = nullptr;
  sim_engine* owner = nullptr;  // null: no program has it open
  std::uint32_t of_owner_previous = nothing;
  std::uint32_t of_owner_next = nothing;

  socket_kind kind = socket_kind::stream;
  stage at = stage::fresh;
  std::uint8_t family = 4;
  bool dual : 1 = false;         // IPv6 that takes IPv4 too
  bool bound : 1 = false;        // in the table of ports
  bool bound_by_us : 1 = false;  // to a port that the system chose
  bool orphan : 1 = false;       // closed by its program
  bool queued : 1 = false;       // not accepted yet
  bool admitted : 1 = false;     // may be accepted
  bool reuse_port : 1 = false;
  bool reuse_address : 1 = false;
  bool reset_sent : 1 = false;
  bool fin_arrived : 1 = false;
  bool ended_second : 1 = false;  // the peer had ended its direction before we did
  bool room_told : 1 = false;     // an event about room is on its way
  bool unlucky : 1 = false;       // its requests for a connection are never heard
  bool unlinks : 1 = false;       // a unix listener whose file goes with it

  packet_end local;
  packet_end remote;
  std::uint32_t local_path = 0;  // unix names, by number; 0: none
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
  std::uint64_t sent = 0;      // of the stream, up to what is in flight
  std::uint64_t received = 0;  // of the stream, taken or not
  std::size_t send_limit = 0;
  std::size_t receive_limit = 0;
  duration asked{};          // when its last request for a connection went
  duration unheard_since{};  // since when no acknowledgement can reach it
  int error = 0;             // an errno: of a stream for good, of datagrams for the next operation
  std::uint8_t tries = 0;    // of the request for a connection
  std::uint8_t unheard = 0;  // time-outs while no acknowledgement can reach it; 0: one can
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
