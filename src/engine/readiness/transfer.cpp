// SPDX-License-Identifier: MIT
// The other system calls of the epoll engine. Each returns whether the operation is done or must
// wait for the next edge.

#include "engine/posix/segments.hpp"
#include "engine/readiness/readiness.hpp"

#include <bight/machinery/scheduler.hpp>

#include <cerrno>
#include <climits>
#include <cstring>

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace bight::readiness {

namespace {

static_assert(sizeof(piece) == sizeof(iovec) && offsetof(piece, size) == offsetof(iovec, iov_len));

bool would_block(int number) noexcept { return number == EAGAIN || number == EWOULDBLOCK; }

}  // namespace

auto readiness_engine::try_other_receive(op& o, socket& s) -> outcome {
  if (o.what == verb::accept) return try_accept(o, s);
  if (o.what == verb::read) return try_read(o, s);
  if (o.many) posix::join_arrivals(s);
  return s.joins ? try_recv_joined(o, s) : try_recv_datagrams(o, s);
}

auto readiness_engine::not_received(op& o, socket& s, int why) -> outcome {
  if (would_block(why)) {
    s.readable = false;
    return outcome::must_wait;
  }
  return over(o, s, -why);
}

// Completes the receive `o`, which got `n`: 0, the end of the stream, or -errno. Once a stream is
// over, every receive gets the same.
auto readiness_engine::over(op& o, socket& s, int n) -> outcome {
  n = s.received(n);
  if (s.end_taken) s.readable = s.hung_up = true;
  o.ends_stream = n == 0;
  if (n < 0) o.code = posix::system_error_code(-n);
  return outcome::done;
}

// Receives joined datagrams in one call, into their own block.
auto readiness_engine::try_recv_joined(op& o, socket& s) -> outcome {
  const std::span<std::byte> room = buffers_.room(buffer_pool::block_size, buffer_pool::block_size);
  iovec vector{room.data(), room.size()};
  posix::socket_name from;
  posix::ancillary control;
  msghdr message{};
  message.msg_name = &from.storage;
  message.msg_namelen = sizeof from.storage;
  message.msg_control = control.bytes;
  message.msg_controllen = sizeof control.bytes;
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  ssize_t n;
  do n = recvmsg(s.fd, &message, 0);
  while (n < 0 && errno == EINTR);
  if (n < 0) return not_received(o, s, errno);
  arrival a;
  a.data = buffers_.fill(static_cast<std::size_t>(n));
  a.truncated = (message.msg_flags & MSG_TRUNC) != 0;
  from.length = message.msg_namelen;
  a.from = posix::from_system(from);
  if (message.msg_controllen > 0) posix::read_ancillary(control.bytes, message.msg_controllen, a);
  s.last_used = sched().now();
  if (!posix::inbox::hand_over(o, a, true)) static_cast<void>(s.keep_or_drop(std::move(a)));
  return outcome::done;
}

auto readiness_engine::try_accept(op& o, socket& s) -> outcome {
  int fd = -1;
  if (s.has_accepted()) {
    fd = s.arrived->take_accepted();
  } else {
    do fd = posix::accept_connection(s.fd);
    while (fd < 0 && posix::accept_goes_on(o, errno));
  }
  if (fd < 0) return not_received(o, s, errno);
  claim(o, fd);
  return outcome::done;
}

auto readiness_engine::try_connect(op& o, socket& s) -> outcome {
  const int fd = s.fd;
  if (s.connecting) {
    s.connecting = false;
    int failed = 0;
    socklen_t length = sizeof failed;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &length) != 0) failed = errno;
    if (failed == 0 && posix::connected_to_itself(fd)) failed = ECONNREFUSED;
    if (failed != 0) o.code = posix::system_error_code(failed);
    return outcome::done;
  }
  posix::socket_name to;
  posix::to_system(*o.peer, s.family, to);
  if (to.length == 0) {
    o.code = errc::bad_address;
    return outcome::done;
  }
  // After EINTR, the connect of a stream continues; that of a datagram socket does not.
  int connected;
  do connected = connect(fd, to.get(), to.length);
  while (connected != 0 && errno == EINTR && s.takes_datagrams());
  if (connected == 0) {
    if (s.kind == posix::socket_kind::stream && posix::connected_to_itself(fd))
      o.code = posix::system_error_code(ECONNREFUSED);
    return outcome::done;
  }
  if (errno == EINPROGRESS || errno == EINTR) {
    s.connecting = true;
    s.writable = false;
    return outcome::must_wait;
  }
  o.code = posix::system_error_code(errno);
  return outcome::done;
}

auto readiness_engine::try_other_send(op& o, socket& s) -> outcome {
  if (o.what == verb::send)
    return s.kind == posix::socket_kind::stream ? try_send(o, s) : try_send_datagram(o, s);
  return o.what == verb::connect ? try_connect(o, s) : try_write(o, s);
}

auto readiness_engine::not_sent(op& o, socket& s, int why) -> outcome {
  if (would_block(why)) {
    s.writable = false;
    return outcome::must_wait;
  }
  o.code = posix::system_error_code(s.not_sent(why));
  return outcome::done;
}

// Sends one datagram with its own call, while others wait (datagrams.cpp), or many in runs.
auto readiness_engine::try_send_datagram(op& o, socket& s) -> outcome {
  posix::socket_name to;
  if (o.peer != nullptr) {
    posix::to_system(*o.peer, s.family, to);
    if (to.length == 0) {
      o.code = errc::bad_address;
      return outcome::done;
    }
  }
  for (int runs = 0;; ++runs) {
    if (o.segment > 0 && !posix::more_pieces(o)) return outcome::done;
    if (o.segment > 0 && runs == runs_max) return outcome::must_wait;  // others come first
    msghdr message{};
    iovec run;
    posix::ancillary control;
    if (o.peer != nullptr) {
      message.msg_name = &to.storage;
      message.msg_namelen = to.length;
    }
    message.msg_iov = reinterpret_cast<iovec*>(o.pieces);
    message.msg_iovlen = o.piece_count < IOV_MAX ? o.piece_count : IOV_MAX;
    if (o.segment > 0) {
      run = {const_cast<void*>(o.pieces->data), posix::next_run(o, message, control)};
      message.msg_iov = &run;
      message.msg_iovlen = 1;
    }
    if (posix::names_source(o, s)) posix::add_source(o, s, message, control);
    const ssize_t n = sendmsg(s.fd, &message, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && would_block(errno)) {
      s.writable = false;
      return outcome::must_wait;
    }
    if (n < 0 && o.many && posix::must_go_apart(errno)) {
      o.many = false;
      continue;
    }
    if (n < 0 && posix::source_refused(o, s, errno)) continue;
    if (n < 0) {
      o.code = posix::system_error_code(errno);
      return outcome::done;
    }
    s.last_used = sched().now();
    o.count += n;
    if (o.segment == 0) return outcome::done;
    posix::advance(o, static_cast<std::size_t>(n));
  }
}

// Adopted descriptors may be blocking and stay so, because another process may share them. So each
// is read or written once per event, when it cannot block.
auto readiness_engine::try_read(op& o, socket& s) -> outcome {
  const std::span<std::byte> room = buffers_.room(o.size);
  ssize_t n;
  do n = ::read(s.fd, room.data(), room.size());
  while (n < 0 && errno == EINTR);
  if (n < 0 && would_block(errno)) return outcome::must_wait;
  if (n < 0) {
    o.code = posix::system_error_code(errno);
    return outcome::done;
  }
  o.count = n;
  o.ends_stream = n == 0;
  *o.got = buffers_.fill(static_cast<std::size_t>(n));
  return outcome::done;
}

auto readiness_engine::try_write(op& o, socket& s) -> outcome {
  while (posix::more_pieces(o)) {
    // POLLOUT on a pipe promises room for PIPE_BUF bytes, and no more: pipe(7).
    const bool limited = s.can_poll == polled::yes && o.pieces->size > PIPE_BUF;
    const std::size_t size = limited ? PIPE_BUF : o.pieces->size;
    const ssize_t n = ::write(s.fd, o.pieces->data, size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && would_block(errno)) return outcome::must_wait;
    if (n < 0) {
      o.code = posix::system_error_code(errno);
      return outcome::done;
    }
    o.count += n;
    posix::advance(o, static_cast<std::size_t>(n));
    if (s.can_poll == polled::yes && posix::more_pieces(o)) return outcome::must_wait;
  }
  return outcome::done;
}

}  // namespace bight::readiness
