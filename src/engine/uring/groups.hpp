// SPDX-License-Identifier: MIT
#pragma once

/// The groups of provided buffers.

#include "engine/posix/segments.hpp"

#include <cstdint>

#include <netinet/in.h>
#include <sys/socket.h>

namespace bight::uring {

inline constexpr std::uint16_t stream_group = 0;
inline constexpr std::uint16_t datagram_group = 1;

/// Before a datagram, after the kernel's header: room for the longest name (only IP has datagrams),
/// padded to the alignment of ancillary data, and room for that.
inline constexpr unsigned name_room =
    (sizeof(sockaddr_in6) + alignof(cmsghdr) - 1) / alignof(cmsghdr) * alignof(cmsghdr);
inline constexpr unsigned control_room = sizeof(posix::ancillary);

/// A buffer of the datagram group has room for the kernel's header, the sender's name and 65,507
/// bytes (65,535 minus the headers of IPv4 and UDP). It is not a whole number of pages, because the
/// starts of all buffers, where small datagrams are, would map to one set of the caches.
inline constexpr std::uint32_t datagram_buffer_size = 65536 + 448;

}  // namespace bight::uring
