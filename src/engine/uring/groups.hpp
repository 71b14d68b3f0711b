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

/// In front of a datagram, beside the kernel's header: room for the longest name (only IP sends
/// datagrams), up to where ancillary data may begin, and for that.
inline constexpr unsigned name_room =
    (sizeof(sockaddr_in6) + alignof(cmsghdr) - 1) / alignof(cmsghdr) * alignof(cmsghdr);
inline constexpr unsigned control_room = sizeof(posix::ancillary);

/// A buffer of the second group holds the kernel's header, the sender's name and 65,507 bytes
/// (65,535 less the headers of IPv4 and UDP). Not whole pages: the fronts of all buffers, where
/// small datagrams lie, would fall into one set of the caches.
inline constexpr std::uint32_t datagram_buffer_size = 65536 + 448;

}  // namespace bight::uring
