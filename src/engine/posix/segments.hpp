// SPDX-License-Identifier: MIT
#pragma once

/// Many datagrams in one call: the kernel splits a send (GSO) and joins arrivals (GRO). udp(7),
/// UDP_SEGMENT (Linux 4.18) and UDP_GRO (Linux 5.0).

#include "engine/posix/ancillary.hpp"

#include <cstddef>
#include <cstdint>

#include <sys/socket.h>

namespace bight::posix {

/// Makes datagrams arrive joined on `s`. A kernel without support still delivers them one by one.
void join_arrivals(socket& s) noexcept;

/// How many bytes of `o`, a send of many, go with the next call. If that is more than one datagram,
/// adds the size of each to `message`.
[[nodiscard]] std::size_t next_run(const op& o, msghdr& message, ancillary& room) noexcept;

/// Whether a call for several datagrams failed because they cannot go together: the device computes
/// no checksums (EIO), datagrams are larger than a packet (EINVAL), or the kernel is older. They
/// can still go one by one.
[[nodiscard]] bool must_go_apart(int number) noexcept;

}  // namespace bight::posix
