// SPDX-License-Identifier: MIT
#pragma once

/// System calls that a kernel, a sandbox or a container may lack, and their replacements.
///
/// A kernel without a call returns ENOSYS. Older container profiles return EPERM for every call
/// that they do not know. Both mean the same here.

#include <cerrno>
#include <cstddef>

#include <sys/socket.h>

namespace bight::posix {

/// Whether the errno `number` means that the call itself is missing.
[[nodiscard]] constexpr bool is_missing(int number) noexcept {
  return number == ENOSYS || number == EPERM;
}

/// accept4(2) with SOCK_NONBLOCK and SOCK_CLOEXEC, or else accept(2) and fcntl(2). Returns the
/// descriptor, or -1 and sets errno.
[[nodiscard]] int accept_connection(int listener) noexcept;

/// recvmmsg(2) and sendmmsg(2) for up to `count` datagrams, or else recvmsg(2) and sendmsg(2) for
/// each. Returns the number transferred, up to the first that would block or failed. If that is the
/// very first, returns -1 and sets errno.
[[nodiscard]] int receive_datagrams(int fd, mmsghdr* messages, unsigned count) noexcept;
[[nodiscard]] int send_datagrams(int fd, mmsghdr* messages, unsigned count) noexcept;

/// Wakes a loop: an eventfd(2), for which both descriptors are the same, or else a pipe.
struct waker {
  int reads = -1;
  int writes = -1;
};
/// Returns descriptors of -1 and sets errno if neither can be opened.
[[nodiscard]] waker open_waker() noexcept;
void close_waker(waker w) noexcept;

/// Fills `into` by getrandom(2), or else from /dev/urandom. Returns false and sets errno if neither
/// works.
[[nodiscard]] bool draw_random(std::byte* into, std::size_t size) noexcept;

}  // namespace bight::posix
