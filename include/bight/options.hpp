// SPDX-License-Identifier: MIT
#pragma once

/// Socket options by name and type: `peer.set(options::no_delay, true)`.

#include <cstdint>

namespace bight::machinery {

/// Identifies an option. The engine maps it to the system's level and number.
enum class option_id : std::uint8_t {
  no_delay,
  keep_alive,
  keep_alive_idle,
  keep_alive_interval,
  keep_alive_count,
  user_timeout,
  linger,
  receive_buffer,
  send_buffer,
  reuse_address,
  reuse_port,
  only_ip6,
  broadcast,
  hop_limit,
  traffic_class,
  urgent_inline,
};

/// An option and the type of its value.
template <class T>
struct option {
  using type = T;
  option_id id;
};

}  // namespace bight::machinery

namespace bight::options {

using machinery::option;
using machinery::option_id;

inline constexpr option<bool> no_delay{option_id::no_delay};      ///< tcp(7); on by default here
inline constexpr option<bool> keep_alive{option_id::keep_alive};  ///< socket(7)
inline constexpr option<int> keep_alive_idle{option_id::keep_alive_idle};          ///< seconds
inline constexpr option<int> keep_alive_interval{option_id::keep_alive_interval};  ///< seconds
inline constexpr option<int> keep_alive_count{option_id::keep_alive_count};        ///< probes
/// Milliseconds that sent data may remain unacknowledged before the connection fails (RFC 5482).
inline constexpr option<int> user_timeout{option_id::user_timeout};
/// Seconds that close waits for unsent data. 0 resets the connection; -1 closes normally.
inline constexpr option<int> linger{option_id::linger};
inline constexpr option<int> receive_buffer{
    option_id::receive_buffer};                                    ///< bytes; Linux doubles it
inline constexpr option<int> send_buffer{option_id::send_buffer};  ///< bytes; Linux doubles it
inline constexpr option<bool> reuse_address{option_id::reuse_address};
inline constexpr option<bool> reuse_port{option_id::reuse_port};
inline constexpr option<bool> only_ip6{option_id::only_ip6};
inline constexpr option<bool> broadcast{option_id::broadcast};
inline constexpr option<int> hop_limit{option_id::hop_limit};          ///< TTL, IPv6 hop limit
inline constexpr option<int> traffic_class{option_id::traffic_class};  ///< DSCP and ECN bits
/// Keeps urgent bytes in the stream, which would otherwise silently lose them; on by default here.
inline constexpr option<bool> urgent_inline{option_id::urgent_inline};

}  // namespace bight::options
