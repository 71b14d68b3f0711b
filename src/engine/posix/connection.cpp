// SPDX-License-Identifier: MIT
// What is known about a connection: its peer, and whether bytes can still reach it or be lost.

#include "engine/posix/kernel.hpp"

#include <cerrno>

#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace bight::posix {

namespace {

result<address> peer_name(const socket& s) {
  socket_name name;
  // After a reset getpeername(2) fails, but this option still has the name: socket(7). It requires
  // the exact length.
  if (s.family != AF_UNIX) {
    name.length = s.family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
    if (getsockopt(s.fd, SOL_SOCKET, SO_PEERNAME, name.get(), &name.length) == 0)
      return from_system(name);
    name.length = sizeof name.storage;
  }
  if (getpeername(s.fd, name.get(), &name.length) != 0) return error(system_error_code(errno), "");
  return from_system(name);
}

}  // namespace

bool kernel_engine::may_lose(handle h) const noexcept {
  const socket* const s = find(h);
  if (s == nullptr || s->end_taken || in_child()) return false;
  if (s->attended == attention::none || s->attended == attention::cut) return false;
  if (has_unread(*s)) return true;
  int there = 0;
  const bool asks = s->send_waited || s->family == AF_UNIX;  // no engine reads ahead on these
  return asks && ioctl(s->fd, FIONREAD, &there) == 0 && there > 0;
}

// The kernel knows of a failure before a call has reported it, and after that: poll(2) reports both
// and clears neither. The peer's end of stream is not a failure (POLLRDHUP).
bool kernel_engine::can_send(handle h) const noexcept {
  const socket* const s = find(h);
  if (s == nullptr || s->end_sent || s->attended == attention::cut) return false;
  pollfd asked{s->fd, POLLOUT, 0};
  const int count = ::poll(&asked, 1, 0);
  return count == 0 || (count > 0 && (asked.revents & (POLLERR | POLLHUP | POLLNVAL)) == 0);
}

result<address> kernel_engine::remote(handle h) const {
  if (const socket* const s = find(h)) return peer_name(*s);
  if (const address* const known = remembered_peer(h)) return *known;
  return error(make_error_code(errc::closed), "");
}

}  // namespace bight::posix
