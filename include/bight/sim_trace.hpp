// SPDX-License-Identifier: MIT
#pragma once

/// The event trace of a simulated world.

#include <bight/address.hpp>
#include <bight/time.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace bight::sim {

/// The kind of an event. Packets are reported when they arrive or are lost.
enum class happening : std::uint8_t {
  syn,        ///< TCP: a connection request
  syn_ack,    ///< TCP: its acceptance
  data,       ///< TCP: bytes of a stream
  fin,        ///< TCP: the end of a stream
  reset,      ///< TCP: a reset; also the reply of a closed port
  datagram,   ///< UDP: a datagram
  no_port,    ///< UDP: an ICMP message that the port is closed
  lost,       ///< a packet did not arrive
  local,      ///< bytes of a unix socket or a standard stream
  looked_up,  ///< the answer to a name lookup
  signalled,  ///< a signal was sent to a host
  program,    ///< a program began or ended
  fault,      ///< a fault struck or healed
  note,       ///< a line of the scenario, see world::note()
};
[[nodiscard]] std::string_view name_of(happening h) noexcept;

/// The source or destination of a packet.
struct packet_end {
  std::uint8_t family = 0;  ///< 4 or 6; 0: none
  std::uint16_t port = 0;
  std::array<std::uint8_t, 16> ip{};

  [[nodiscard]] address to_address() const;
  friend bool operator==(const packet_end&, const packet_end&) noexcept = default;
};

/// One event. Spans and views are valid during the call only.
struct trace_event {
  std::uint64_t number = 0;  ///< 1, 2, …: BIGHT_SIM_UNTIL counts these
  duration at{};             ///< since the start of the world
  happening what = happening::note;
  packet_end from;
  packet_end to;
  std::uint64_t sequence = 0;      ///< TCP: the offset of the first byte in its stream
  std::uint64_t acknowledged = 0;  ///< TCP: the number of bytes that the sender has received
  std::size_t length = 0;
  std::span<const std::byte> bytes;
  std::string_view text;   ///< for hosts, programs, faults and notes
  std::uint64_t hash = 0;  ///< of all events up to and including this one

  /// Returns the event as one readable line.
  [[nodiscard]] std::string str() const;
};

/// Receives every event of a world.
class sink {
 public:
  virtual ~sink() = default;
  virtual void on_event(const trace_event& e) = 0;
};

}  // namespace bight::sim
