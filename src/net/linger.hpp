// SPDX-License-Identifier: MIT
#pragma once

/// The lingering close, as nginx, Apache and HAProxy do it.
///
/// A socket that is closed with input unread resets its connection (RFC 2525 §2.17), and the reset
/// destroys what has been sent and has not arrived. So the end is sent first, and what the peer
/// still sends is read and discarded until its own end.

#include "engine/carrier.hpp"

namespace bight {

/// Takes over the connection `h`, sends its end, discards what comes, and closes it at the peer's
/// end. It also closes it after `linger_silence` without a byte, after `linger_time` in all, and
/// after `linger_bytes`. False, and nothing done, when there is no memory for it.
[[nodiscard]] bool linger(carrier& c, handle h) noexcept;

/// Closes all connections of that loop that linger: descriptors have run out.
void stop_lingering(scheduler& s) noexcept;

inline constexpr duration linger_silence = 5s;  // nginx: lingering_timeout
inline constexpr duration linger_time = 30s;    // nginx: lingering_time; Apache: 30 s
inline constexpr std::uint64_t linger_bytes = 64 << 20;
/// Connections of a loop that linger at a time. One more closes the oldest.
inline constexpr std::size_t linger_max = 1024;

}  // namespace bight
