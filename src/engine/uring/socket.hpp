// SPDX-License-Identifier: MIT
#pragma once

/// What the io_uring engine knows about a socket.

#include "engine/posix/socket.hpp"

#include <cstdint>

#include <sys/socket.h>

namespace bight::uring {

/// The state of a socket's own request, a multishot accept or receive, which serves one operation
/// after the other.
enum class source : std::uint8_t {
  idle,
  armed,
  stopping,  // its cancellation has been requested
};

/// One cache line.
struct alignas(64) socket : posix::socket {
  // Enough that a sender need not stop for a reader that is slow for a moment. Empty datagrams
  // have no bytes but use memory, so arrivals are counted too.
  static constexpr std::size_t queued_bytes_max = 262144;
  static constexpr std::size_t queued_count_max = 256;
  static constexpr std::size_t accepted_max = 128;
  static constexpr std::size_t many_at_once = 16;  // datagrams that make a socket busy

  source state = source::idle;
  std::int8_t file = -1;  // its number among the ring's registered files
  bool received_before = false;
  bool cut = false;      // bytes at the end of a buffer wait for more: uring_engine::front
  bool starved = false;  // it waits for a buffer
  bool closing = false;  // close() has been called; the descriptor waits for in_kernel to be 0
  std::uint32_t in_kernel = 0;  // requests on the socket that have not completed
  op* sender = nullptr;         // the send of a stream, connect, write

  /// Forgets everything, except that its handles are stale.
  void renew() noexcept {
    const std::uint32_t last = generation;
    *this = socket();
    generation = last;
  }

  /// Whether the source may take what nobody waits for. Not from a unix socket: its peer sees a
  /// reset only if the kernel still has unread input, or the connection, at the close. SO_LINGER
  /// has no effect there: unix_release_sock().
  [[nodiscard]] bool reads_ahead() const noexcept { return family != AF_UNIX; }
};

static_assert(sizeof(socket) == 64);

}  // namespace bight::uring
