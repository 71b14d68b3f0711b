// SPDX-License-Identifier: MIT
#pragma once

/// The lingering close, as in nginx, Apache and HAProxy.
///
/// Closing a socket with unread input resets the connection (RFC 2525 §2.17), and the reset
/// destroys sent data that has not arrived yet. So this sends end of stream first, then reads and
/// discards input until the peer's end of stream.

#include "engine/carrier.hpp"

namespace bight {

/// Takes over the connection `h`: sends end of stream, discards input, and closes the connection at
/// the peer's end of stream. Also closes it after `linger_silence` without a byte, after
/// `linger_time` in total, or after `linger_bytes`. Returns false, and does nothing, if memory runs
/// out.
[[nodiscard]] bool linger(carrier& c, handle h) noexcept;

/// Closes all lingering connections of a loop, to free descriptors when they run out.
void stop_lingering(scheduler& s) noexcept;

inline constexpr duration linger_silence = 5s;  // nginx: lingering_timeout
inline constexpr duration linger_time = 30s;    // nginx: lingering_time; Apache: 30 s
inline constexpr std::uint64_t linger_bytes = 64 << 20;
/// Lingering connections per loop. One more closes the oldest.
inline constexpr std::size_t linger_max = 1024;

}  // namespace bight
