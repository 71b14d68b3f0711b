// SPDX-License-Identifier: MIT
#pragma once

/// Many datagrams in one call: the kernel cuts what is sent (GSO) and joins what arrives (GRO).
/// udp(7), UDP_SEGMENT (Linux 4.18) and UDP_GRO (Linux 5.0).

#include "engine/posix/ancillary.hpp"

#include <cstddef>
#include <cstdint>

#include <sys/socket.h>

namespace bight::posix {

/// Lets datagrams arrive joined on the socket of `s`, from now on. A kernel that cannot goes on
/// giving them one by one.
void join_arrivals(socket& s) noexcept;

/// How many bytes of the front of `o`, a send of many, go with the next call. When that is more
/// than one datagram, `message` is made to say where the kernel is to cut.
[[nodiscard]] std::size_t next_run(const op& o, msghdr& message, ancillary& room) noexcept;

/// Whether a call for several datagrams failed because they cannot go together here: a device that
/// computes no checksums (EIO), datagrams larger than a packet (EINVAL), an older kernel. They may
/// still go one by one.
[[nodiscard]] bool must_go_apart(int number) noexcept;

}  // namespace bight::posix
