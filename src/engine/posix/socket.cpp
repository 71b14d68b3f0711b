// SPDX-License-Identifier: MIT
#include "engine/posix/socket.hpp"

#include "engine/posix/kernel.hpp"

#include <cerrno>
#include <new>
#include <utility>

#include <sys/socket.h>

namespace bight::posix {

bool ends_connection(int number) noexcept {
  switch (number) {  // recv(2) and send(2), "Errors"
    case EBADF:
    case ECANCELED:
    case EFAULT:
    case EINTR:
    case EINVAL:
    case EMSGSIZE:
    case ENOBUFS:
    case ENOMEM:
    case ENOTCONN:
    case ENOTSOCK:
    case EPERM:
    case EOPNOTSUPP: return false;
    default: return true;
  }
}

handle socket::enter(int number, socket_kind k, int of_family) noexcept {
  fd = number;
  if (!in_use()) ++generation;
  kind = k;
  family = static_cast<std::uint8_t>(of_family);
  has_file = joins = tells_target = end_sent = end_taken = ended = send_waited = false;
  attended = attention::none;
  return self();
}

void socket::leave() noexcept {
  if (in_use()) ++generation;
}

void socket::give_next(op& o) {
  if (has_arrivals())
    arrived->give(o, takes_datagrams());
  else if (ended)
    o.ends_stream = true;
  else
    o.code = system_error_code(take_failure());
}

bool socket::keep_or_drop(arrival&& a) noexcept {
  try {
    keep().push_back(std::move(a));
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

int socket::received(int outcome) noexcept {
  const bool over = outcome <= 0 && (outcome == 0 || ends_connection(-outcome));
  if (!over || kind != socket_kind::stream) return outcome;
  // A unix socket also reports a reset after the end, as long as no receive has returned the end.
  if (outcome < 0 && (ended || failure == 0)) failure = static_cast<std::int16_t>(-outcome);
  // An end after a failure that a send was told is none: what came may be cut short.
  ended = outcome == 0 && (ended || failure == 0);
  end_taken = may_have_next = true;
  return ended ? 0 : -failure;
}

int socket::not_sent(int why) noexcept {
  // A unix socket reports a reset only to receives; its sends get EPIPE before that and after.
  if (why == EPIPE) return failure != 0 && family != AF_UNIX ? failure : EPIPE;
  if (failure == 0 && ends_connection(why)) failure = static_cast<std::int16_t>(why);
  return why;
}

void socket::has_ended() noexcept {
  if (failure == 0) ended = true;
}

void socket::fail_next(int why) noexcept {
  failure = static_cast<std::int16_t>(why);
  end_taken = may_have_next = true;
}

int socket::take_failure() noexcept {
  if (kind == socket_kind::stream) return failure;
  end_taken = false;
  return std::exchange(failure, 0);
}

}  // namespace bight::posix
