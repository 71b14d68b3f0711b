// SPDX-License-Identifier: MIT
#pragma once

/// What the epoll engine knows about a socket.

#include "engine/posix/socket.hpp"

#include <cstdint>

namespace bight::readiness {

// Whether an adopted descriptor can be polled. Files and /dev/null cannot: epoll refuses them
// (EPERM), because they never wait.
enum class polled : std::uint8_t { unknown, yes, no };

/// One cache line.
struct alignas(64) socket : posix::socket {
  bool registered : 1 = false;
  bool watches_room : 1 = false;  // registered for becoming writable, too
  bool connecting : 1 = false;
  bool busy = false;                  // tried before it is registered again: leave_poller()
  bool sends_at_end = false;          // datagrams that leave together when the turn ends
  bool readable = true;               // not known to be empty
  bool writable = true;               // not known to be full
  bool hung_up = false;               // no further edge will come: always try
  bool level_triggered = false;       // an adopted descriptor, or one of a watcher
  polled can_poll = polled::unknown;  // of an adopted descriptor
  runnable_queue senders;             // send, connect, write; a stream has one at most

  /// Forgets everything, except that its handles are stale.
  void renew() noexcept {
    const std::uint32_t last = generation;
    *this = socket();
    generation = last;
  }
};

static_assert(sizeof(socket) == 64);

}  // namespace bight::readiness
