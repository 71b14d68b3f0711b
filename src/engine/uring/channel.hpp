// SPDX-License-Identifier: MIT
#pragma once

/// What this engine knows about a descriptor.

#include "engine/posix/inbox.hpp"
#include "engine/posix/kernel.hpp"
#include "engine/posix/slots.hpp"
#include "engine/uring/states.hpp"

#include <cstdint>
#include <memory>
#include <utility>

#include <sys/socket.h>

namespace bight::uring {

/// A request that goes on by itself: a multishot accept or receive. It belongs to the socket, and
/// operations come and go.
enum class source : std::uint8_t {
  idle,
  armed,
  stopping,  // its cancellation has been asked for
};

struct alignas(64) channel : posix::slot {
  // Enough that a sender is not stopped by a reader that is slow for a moment. Empty datagrams
  // have no bytes and are not free, so arrivals are counted too.
  static constexpr std::size_t queued_bytes_max = 262144;
  static constexpr std::size_t queued_count_max = 256;
  static constexpr std::size_t accepted_max = 128;
  static constexpr std::size_t many_at_once = 16;  // datagrams that make a socket a busy one

  // All of it is one line of the cache. The narrow ones first: they fill up the slot's last word.
  source state = source::idle;
  std::int8_t file = -1;  // its number among the ring's registered files
  bool may_keep = false;  // not known to have nothing for the next receive
  bool ended = false;     // the end of the stream has been found, for good
  bool received_before = false;
  bool cut = false;      // what lay at the end of a buffer waits for the rest of it
  bool starved = false;  // it waits for a buffer
  bool closing = false;  // close() has been called; the descriptor waits for in_kernel to be 0
  std::uint32_t in_kernel = 0;  // requests on the socket that have not completed
  int failure = 0;      // of the connection, told after what has arrived; of datagrams, told once
  int sender_told = 0;  // the failure that a send was told; the kernel tells it once
  op* receiver = nullptr;  // recv, recv_into, accept, read; until its coroutine goes on
  op* sender = nullptr;    // the send of a stream, connect, write
  std::unique_ptr<posix::inbox> arrived;  // made when something has to wait

  channel() noexcept = default;
  explicit channel(const posix::slot& s) noexcept : slot(s) {}
  /// Forgets all but the slot.
  void renew() noexcept { *this = channel(static_cast<const slot&>(*this)); }

  /// Somebody waits for what the source brings.
  [[nodiscard]] bool has_waiting_receiver() const noexcept {
    return receiver != nullptr && receiver->engine_state == state_waiting;
  }
  [[nodiscard]] bool takes_datagrams() const noexcept {
    return slot::kind == posix::socket_kind::datagram;
  }
  /// Whether the source may take what nobody waits for. Not from a unix socket: its peer sees a
  /// reset only if the kernel still holds input, or the connection, at the close. SO_LINGER does
  /// nothing there: unix_release_sock().
  [[nodiscard]] bool reads_ahead() const noexcept { return family != AF_UNIX; }
  [[nodiscard]] bool has_arrivals() const noexcept {
    return arrived != nullptr && !arrived->empty();
  }
  [[nodiscard]] bool has_accepted() const noexcept {
    return arrived != nullptr && !arrived->accepted.empty();
  }
  /// Something for the next receive: arrivals, then a failure or the end.
  [[nodiscard]] bool keeps_something() noexcept {
    if (may_keep) may_keep = has_arrivals() || failure != 0 || ended;
    return may_keep;
  }
  void end() noexcept { ended = may_keep = end_taken = true; }
  void fail(int code) noexcept {
    failure = code;
    may_keep = end_taken = true;
  }
  /// The failure, for whoever is told of it now.
  [[nodiscard]] int told_failure() noexcept {
    const bool for_good =
        slot::kind == posix::socket_kind::stream && posix::ends_connection(failure);
    return for_good ? failure : std::exchange(failure, 0);
  }
  /// What a receive came to. After a failure that a send was told the kernel says that the stream
  /// has ended, and what came may be cut short: the receive is told the failure too. A stream that
  /// has failed stays failed.
  [[nodiscard]] int received(int outcome) noexcept {
    if (outcome == 0) outcome = -sender_told;
    if (outcome < 0 && slot::kind == posix::socket_kind::stream && posix::ends_connection(-outcome))
      fail(-outcome);
    return outcome;
  }
  [[nodiscard]] posix::inbox& keep() {
    may_keep = true;
    if (arrived == nullptr) arrived = std::make_unique<posix::inbox>();
    return *arrived;
  }
};

static_assert(sizeof(channel) == 64);

}  // namespace bight::uring
