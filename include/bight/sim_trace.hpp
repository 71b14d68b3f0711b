// SPDX-License-Identifier: MIT
#pragma once

/// What happens in a simulated world, event by event.

#include <bight/address.hpp>
#include <bight/time.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace bight::sim {

/// What an event is. Packets are told when they arrive, or when they do not.
enum class happening : std::uint8_t {
  syn,        ///< TCP: somebody asks for a connection
  syn_ack,    ///< TCP: and gets it
  data,       ///< TCP: bytes of a stream
  fin,        ///< TCP: the end of a stream
  reset,      ///< TCP: a reset; also the answer of a closed port
  datagram,   ///< UDP: a datagram
  no_port,    ///< UDP: word (ICMP) that nobody has that port
  lost,       ///< a packet did not arrive
  local,      ///< bytes of a unix socket, or of a standard stream
  looked_up,  ///< the answer to a look-up of a name
  signalled,  ///< a signal came to a host
  program,    ///< a program began or ended
  fault,      ///< a fault struck or healed
  note,       ///< what the scenario itself says
};
[[nodiscard]] std::string_view name_of(happening h) noexcept;

/// Where packets come from and go to.
struct packet_end {
  std::uint8_t family = 0;  ///< 4 or 6; 0: nowhere
  std::uint16_t port = 0;
  std::array<std::uint8_t, 16> ip{};

  [[nodiscard]] address to_address() const;
  friend bool operator==(const packet_end&, const packet_end&) noexcept = default;
};

/// One event. Spans and views hold until the call is over.
struct trace_event {
  std::uint64_t number = 0;  ///< 1, 2, …: BIGHT_SIM_UNTIL counts these
  duration at{};             ///< since the world began
  happening what = happening::note;
  packet_end from;
  packet_end to;
  std::uint64_t sequence = 0;      ///< TCP: the place of the first byte in its stream
  std::uint64_t acknowledged = 0;  ///< TCP: how much of the other direction the sender has
  std::size_t length = 0;
  std::span<const std::byte> bytes;
  std::string_view text;   ///< of hosts, programs, faults and notes
  std::uint64_t hash = 0;  ///< of everything up to and with this event

  /// One line for people.
  [[nodiscard]] std::string str() const;
};

/// Somebody who is told every event.
class sink {
 public:
  virtual ~sink() = default;
  virtual void on_event(const trace_event& e) = 0;
};

}  // namespace bight::sim
