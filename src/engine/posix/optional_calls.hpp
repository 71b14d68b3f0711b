// SPDX-License-Identifier: MIT
#pragma once

/// System calls that a kernel, a sandbox or a container may not have, and what does instead.
///
/// A kernel without a call answers ENOSYS. A seccomp filter answers what its author chose: older
/// container profiles answer EPERM to every call that they do not know. The two mean the same here.

#include <cerrno>
#include <cstddef>

#include <sys/socket.h>

namespace bight::posix {

/// Whether `number` says that the call itself is missing.
[[nodiscard]] constexpr bool is_missing(int number) noexcept {
  return number == ENOSYS || number == EPERM;
}

/// accept4(2), not blocking and closed on exec; accept(2) and fcntl(2) where that is missing. The
/// descriptor, or -1 with errno.
[[nodiscard]] int accept_connection(int listener) noexcept;

/// recvmmsg(2) and sendmmsg(2), for up to `count` datagrams; recvmsg(2) and sendmsg(2) in turn
/// where those are missing. As those: how many went, and fewer when the next would wait or has
/// failed; or -1 with errno for the first.
[[nodiscard]] int receive_datagrams(int fd, mmsghdr* messages, unsigned count) noexcept;
[[nodiscard]] int send_datagrams(int fd, mmsghdr* messages, unsigned count) noexcept;

/// The two ends of what wakes a loop: an eventfd(2), whose ends are one descriptor; a pipe where
/// that is missing.
struct waker {
  int reads = -1;
  int writes = -1;
};
/// With ends of -1, and errno, when there is neither.
[[nodiscard]] waker open_waker() noexcept;
void close_waker(waker w) noexcept;

/// Fills `into` by getrandom(2), or from /dev/urandom where that is missing. False, with errno,
/// when neither can be had.
[[nodiscard]] bool draw_random(std::byte* into, std::size_t size) noexcept;

}  // namespace bight::posix
