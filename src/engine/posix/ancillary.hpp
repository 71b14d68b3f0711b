// SPDX-License-Identifier: MIT
#pragma once

/// Ancillary data of datagrams: the size of each of several (GSO, GRO), and the local address that
/// a datagram was sent to or leaves from. cmsg(3); ip(7), IP_PKTINFO; ipv6(7), IPV6_PKTINFO.

#include "engine/posix/kernel.hpp"

#include <cstddef>

#include <netinet/in.h>
#include <sys/socket.h>

namespace bight::posix {

/// Room for the ancillary data of one call. The kernel passes sizes as int.
struct ancillary {
  alignas(cmsghdr) std::byte bytes[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(in6_pktinfo))];
};

/// Adds one item to the ancillary data of `message`. `room` must outlive the call.
void add_item(msghdr& message, ancillary& room, int level, int type, const void* data,
              std::size_t size) noexcept;

/// If `s` is bound to every address, requests that each datagram comes with the address that it was
/// sent to. Has no effect on a kernel that refuses.
void ask_for_targets(socket& s, const address& bound) noexcept;

/// Stores the ancillary data of a received datagram in `a`.
void read_ancillary(const void* control, std::size_t size, arrival& a) noexcept;

/// Whether the send `o` of datagrams on `s` must name its source address.
[[nodiscard]] bool names_source(const op& o, const socket& s) noexcept;
/// Names the source. names_source() must be true.
void add_source(const op& o, const socket& s, msghdr& message, ancillary& room) noexcept;
/// Whether a send failed because its source is not (or no longer) an address of this machine, or
/// because it is a broadcast address. After this, the system chooses the source of `o`.
[[nodiscard]] bool source_refused(op& o, const socket& s, int number) noexcept;

}  // namespace bight::posix
