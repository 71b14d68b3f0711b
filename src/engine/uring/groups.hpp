// SPDX-License-Identifier: MIT
#pragma once

/// The groups of provided buffers.

#include <cstdint>

namespace bight::uring {

inline constexpr std::uint16_t stream_group = 0;
inline constexpr std::uint16_t datagram_group = 1;

/// A buffer of the second group holds the kernel's header, the sender's name and 65,507 bytes
/// (65,535 less the headers of IPv4 and UDP). Not whole pages: the fronts of all buffers, where
/// small datagrams lie, would fall into one set of the caches.
inline constexpr std::uint32_t datagram_buffer_size = 65536 + 448;

}  // namespace bight::uring
