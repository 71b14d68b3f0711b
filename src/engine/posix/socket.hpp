// SPDX-License-Identifier: MIT
#pragma once

/// What the engines over a kernel know about a socket: what has arrived on it, and how its
/// connection ended.

#include "engine/posix/inbox.hpp"
#include "engine/socket_core.hpp"

#include <cstdint>
#include <memory>

namespace bight::posix {

enum class socket_kind : std::uint8_t { stream, datagram, listener, adopted };

/// Whether a receive or send that failed with this errno has found its connection gone. Otherwise
/// only that call failed.
[[nodiscard]] bool ends_connection(int number) noexcept;

/// The index of its handle is the descriptor's number.
///
/// The kernel reports the failure of a connection once, to whichever call comes first. After that
/// sends get EPIPE, and receives an end of stream, which must not be taken for one. So the failure
/// is remembered: docs/decisions/030-a-failed-stream-stays-failed.md. Receives get what has
/// arrived, then the end or the failure.
struct socket : socket_core {
  socket_kind kind = socket_kind::stream;
  std::uint8_t family = 0;        // AF_INET, AF_INET6, AF_UNIX
  bool has_file : 1 = false;      // a unix socket whose file is ours to remove
  bool tells_target : 1 = false;  // each datagram comes with the address that it was sent to
  bool send_waited : 1 = false;   // for room, at least once
  bool ended : 1 = false;         // the peer's end has come, and no failure before it
  bool end_taken : 1 = false;  // a receive has found the end or a failure; nothing comes after it
  int fd = -1;
  std::uint32_t generation = 0;  // odd while the socket is open, so no handle matches a closed one
  bool may_have_next = false;    // false: has_next() is certainly false
  std::int16_t failure = 0;  // the errno: of a stream's connection, for good; of datagrams, once
  std::unique_ptr<inbox> arrived;  // made when something must wait to be received

  [[nodiscard]] bool in_use() const noexcept { return generation % 2 != 0; }
  [[nodiscard]] handle self() const noexcept {
    return {static_cast<std::uint32_t>(fd), generation};
  }
  /// Opens it for the descriptor `number`.
  handle enter(int number, socket_kind k, int of_family) noexcept;
  /// Makes every handle to it stale.
  void leave() noexcept;

  [[nodiscard]] bool takes_datagrams() const noexcept { return kind == socket_kind::datagram; }
  [[nodiscard]] bool has_arrivals() const noexcept {
    return arrived != nullptr && !arrived->empty();
  }
  [[nodiscard]] bool has_accepted() const noexcept {
    return arrived != nullptr && !arrived->accepted.empty();
  }

  /// Whether the next receive completes without the kernel.
  [[nodiscard]] bool has_next() noexcept {
    if (may_have_next) may_have_next = has_arrivals() || end_taken;
    return may_have_next;
  }
  /// Completes the receive `o` with what is next. There must be something.
  void give_next(op& o);
  /// The inbox, for something that nobody receives yet.
  [[nodiscard]] inbox& keep() {
    may_have_next = true;
    if (arrived == nullptr) arrived = std::make_unique<inbox>();
    return *arrived;
  }
  /// Keeps a datagram. Returns false if there was no memory for it: it is lost, as in the kernel.
  bool keep_or_drop(arrival&& a) noexcept;

  /// What a receive returns whose call returned `outcome`: bytes, 0 at the end, or -errno.
  [[nodiscard]] int received(int outcome) noexcept;
  /// What a send of a stream returns that failed with the errno `why`.
  [[nodiscard]] int not_sent(int why) noexcept;
  /// The peer's end is there, though bytes before it may not have been received.
  [[gnu::noinline]] void has_ended() noexcept;
  /// Stores a failure of datagrams for the next receive or send.
  void fail_next(int why) noexcept;
  [[nodiscard]] int take_failure() noexcept;
};

}  // namespace bight::posix
