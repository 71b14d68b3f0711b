// SPDX-License-Identifier: MIT
#pragma once

/// What goes along with a datagram: the size of each of several (GSO, GRO), and the address of this
/// machine that it was sent to, or leaves from. cmsg(3); ip(7), IP_PKTINFO; ipv6(7), IPV6_PKTINFO.

#include "engine/posix/kernel.hpp"

#include <cstddef>

#include <netinet/in.h>
#include <sys/socket.h>

namespace bight::posix {

/// Room for all of that, of one call. The kernel gives sizes as an int.
struct ancillary {
  alignas(cmsghdr) std::byte bytes[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(in6_pktinfo))];
};

/// Adds one item to what `message` has in `room`, which must last as long as the call.
void add_item(msghdr& message, ancillary& room, int level, int type, const void* data,
              std::size_t size) noexcept;

/// Has the address that was asked come with each datagram, if `s` is bound to every address.
/// A kernel that refuses goes on without.
void ask_for_targets(socket& s, const address& bound) noexcept;

/// Takes what came with a datagram.
void read_ancillary(const void* control, std::size_t size, arrival& a) noexcept;

/// Whether the send `o` of datagrams on `s` has to say where it leaves from.
[[nodiscard]] bool names_source(const op& o, const socket& s) noexcept;
/// Says so; names_source() must hold.
void add_source(const op& o, const socket& s, msghdr& message, ancillary& room) noexcept;
/// Whether a send failed because its source is no address of this machine (any more), or a
/// broadcast address. From here on `o` leaves the choice to the system.
[[nodiscard]] bool source_refused(op& o, const socket& s, int number) noexcept;

}  // namespace bight::posix
