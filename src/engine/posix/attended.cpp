// SPDX-License-Identifier: MIT
// What a server has to do with a connection, and whose that is or was.
#include "engine/posix/kernel.hpp"

#include <cerrno>
#include <new>

#include <netinet/in.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace bight::posix {

namespace {

std::uint64_t key_of(handle h) noexcept { return std::uint64_t{h.generation} << 32 | h.index; }

result<address> peer_name(const slot& s) {
  socket_name name;
  // Once a connection is gone getpeername(2) fails, and this option still knows whose it was:
  // socket(7). It takes the exact length.
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

void kernel_engine::attend(handle h, attention a) noexcept {
  if (slot* const s = find(h))
    s->attended = a;
  else if (a == attention::none && !departed_.empty())
    departed_.erase(key_of(h));
}

attention kernel_engine::attended(handle h) const noexcept {
  const slot* const s = find(h);
  return s != nullptr ? s->attended : attention::none;
}

bool kernel_engine::may_lose(handle h) const noexcept {
  const slot* const s = find(h);
  if (s == nullptr || s->end_taken || in_child()) return false;
  if (s->attended == attention::none || s->attended == attention::cut) return false;
  if (has_unread(*s)) return true;
  int there = 0;
  const bool asks = s->send_waited || s->family == AF_UNIX;  // what nobody waits for is not taken
  return asks && ioctl(s->fd, FIONREAD, &there) == 0 && there > 0;
}

// The kernel knows of a failure before any call has reported it, and after one has: poll(2) reports
// both, and takes neither away. An end that the peer has sent is no failure (POLLRDHUP).
bool kernel_engine::can_send(handle h) const noexcept {
  const slot* const s = find(h);
  if (s == nullptr || s->end_sent || s->attended == attention::cut) return false;
  pollfd asked{s->fd, POLLOUT, 0};
  const int count = ::poll(&asked, 1, 0);
  return count == 0 || (count > 0 && (asked.revents & (POLLERR | POLLHUP | POLLNVAL)) == 0);
}

// For the error of a session whose handler closes its stream before it fails.
void kernel_engine::remember(const slot& s) noexcept {
  const handle h{static_cast<std::uint32_t>(s.fd), s.generation};
  try {
    auto name = remote(h);
    if (!name || name->kind() == address_kind::none) name = local(h);
    if (name) departed_.emplace(key_of(h), *std::move(name));
  } catch (const std::bad_alloc&) {
    // The error then names nobody.
  }
}

result<address> kernel_engine::remote(handle h) const {
  const slot* s = find(h);
  if (s == nullptr) {
    const auto known = departed_.find(key_of(h));
    if (known != departed_.end()) return known->second;
    return error(make_error_code(errc::closed), "");
  }
  return peer_name(*s);
}

}  // namespace bight::posix
