// SPDX-License-Identifier: MIT
#include "engine/posix/optional_calls.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

namespace bight::posix {

int accept_connection(int listener) noexcept {
  const int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd >= 0 || !is_missing(errno)) return fd;
  // EPERM may also come from a firewall rule. Then this call returns it again.
  const int plain = accept(listener, nullptr, nullptr);
  if (plain < 0) return plain;
  fcntl(plain, F_SETFD, FD_CLOEXEC);
  fcntl(plain, F_SETFL, O_NONBLOCK);
  return plain;
}

namespace {

template <class Call>
int each(mmsghdr* messages, unsigned count, Call call) noexcept {
  unsigned done = 0;
  for (; done < count; ++done) {
    ssize_t n;
    do n = call(&messages[done].msg_hdr);
    while (n < 0 && errno == EINTR);
    if (n < 0) break;
    messages[done].msg_len = static_cast<unsigned>(n);
  }
  return done > 0 ? static_cast<int>(done) : -1;
}

}  // namespace

int receive_datagrams(int fd, mmsghdr* messages, unsigned count) noexcept {
  int n;
  do n = recvmmsg(fd, messages, count, 0, nullptr);
  while (n < 0 && errno == EINTR);
  if (n >= 0 || !is_missing(errno)) return n;
  return each(messages, count, [fd](msghdr* m) { return recvmsg(fd, m, 0); });
}

// EPERM may also come from a firewall rule for the first datagram. Then sendmsg(2) returns it
// again.
int send_datagrams(int fd, mmsghdr* messages, unsigned count) noexcept {
  int n;
  do n = sendmmsg(fd, messages, count, MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  if (n >= 0 || !is_missing(errno)) return n;
  return each(messages, count, [fd](msghdr* m) { return sendmsg(fd, m, MSG_NOSIGNAL); });
}

waker open_waker() noexcept {
  const int both = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (both >= 0) return {both, both};
  int ends[2];
  if (!is_missing(errno) || pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return {};
  return {ends[0], ends[1]};
}

void close_waker(waker w) noexcept {
  if (w.reads >= 0) ::close(w.reads);
  if (w.writes >= 0 && w.writes != w.reads) ::close(w.writes);
}

namespace {

bool read_random(std::byte* into, std::size_t size) noexcept {
  const int fd = ::open("/dev/urandom", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  while (size > 0) {
    const ssize_t n = ::read(fd, into, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    into += n;
    size -= static_cast<std::size_t>(n);
  }
  ::close(fd);
  return size == 0;
}

}  // namespace

bool draw_random(std::byte* into, std::size_t size) noexcept {
  while (size > 0) {
    const ssize_t n = getrandom(into, size, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return is_missing(errno) && read_random(into, size);
    into += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

}  // namespace bight::posix
