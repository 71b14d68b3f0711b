// SPDX-License-Identifier: MIT
#pragma once

/// Sockets of this machine's loopback.

#include <cstddef>
#include <cstdint>

namespace load {

/// A connected stream without Nagle's delay. Connections spread over several source addresses
/// (127.0.0.1, .2, …), so that ten thousand find free ports. Ends the program when refused.
int connect_stream(std::uint16_t port, std::size_t index);

/// A datagram socket that talks to `port` alone.
int connect_datagrams(std::uint16_t port);

/// Sends and receives the same bytes back, blocking.
void echo_once(int fd, const char* bytes, std::size_t n);

}  // namespace load
