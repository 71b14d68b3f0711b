// SPDX-License-Identifier: MIT
// Sending on sockets, and connecting.

#include "engine/uring/states.hpp"
#include "engine/uring/uring_engine.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstddef>

#include <sys/uio.h>

namespace bight::uring {

namespace {

static_assert(sizeof(piece) == sizeof(iovec) && offsetof(piece, size) == offsetof(iovec, iov_len));

}  // namespace

// ── Sending ─────────────────────────────────────────────────────────────────────────────────────

bool uring_engine::submit_other_send(op& o, channel& c) {
  if (c.takes_datagrams()) return submit_datagram(o, c);
  if (c.sender != nullptr) {
    o.code = errc::busy;
    return true;
  }
  if (!posix::more_pieces(o)) return at_once(o, c);
  c.sender = &o;
  hold(o, c, state_in_kernel);
  o.what == verb::write ? issue_write(o) : issue_send(o, c);
  return false;
}

bool uring_engine::submit_datagram(op& o, channel& c) {
  if (o.peer != nullptr && !posix::has_name(*o.peer, c.family)) {
    o.code = errc::bad_address;
    return true;
  }
  // What the socket's source has found out is told to the next call, whichever that is.
  if (c.failure != 0) {
    o.code = posix::system_error_code(std::exchange(c.failure, 0));
    return at_once(o, c);
  }
  if (o.segment > 0 && !posix::more_pieces(o)) return at_once(o, c);
  if (o.segment > 0 || posix::names_source(o, c)) o.size = take_control();
  hold(o, c, state_in_kernel);
  issue_datagram(o, c);
  return false;
}

std::uint32_t uring_engine::take_control() {
  if (controls_free_.empty()) {
    if (controls_free_.capacity() <= controls_.size())  // so that giving back never fails
      controls_free_.reserve(2 * controls_.size() + 16);
    controls_.emplace_back();
    controls_free_.push_back(static_cast<std::uint32_t>(controls_.size()));
  }
  const std::uint32_t taken = controls_free_.back();
  controls_free_.pop_back();
  return taken;
}

void uring_engine::give_control_back(op& o) noexcept {
  if (o.size > 0) controls_free_.push_back(std::exchange(o.size, 0));
}

// One piece goes by itself: the kernel has no msghdr to copy then. Not with MSG_WAITALL: after a
// part has gone the kernel would go on by itself, but a failure then is answered with the part's
// count, and the socket's error (a reset, a timeout) is used up without having been told.
void uring_engine::issue_send(op& o, channel& c) {
  ++c.in_kernel;
  io_uring_sqe* r = request(about::operation, &o);
  if (o.piece_count == 1)
    return io_uring_prep_send(r, c.fd, o.pieces->data, std::min(o.pieces->size, request_max),
                              MSG_NOSIGNAL);
  issue_pieces(r, o, c);
}

void uring_engine::issue_pieces(io_uring_sqe* r, op& o, channel& c) {
  msghdr& message = record_of(r).message;
  message = {};
  message.msg_iov = reinterpret_cast<iovec*>(o.pieces);
  message.msg_iovlen = std::min<std::size_t>(o.piece_count, IOV_MAX);
  io_uring_prep_sendmsg(r, c.fd, &message, MSG_NOSIGNAL);
}

// One piece goes by itself here too, with the name of its target.
void uring_engine::issue_datagram(op& o, channel& c) {
  ++c.in_kernel;
  io_uring_sqe* r = request(about::operation, &o);
  call_record& record = record_of(r);
  if (o.peer != nullptr) posix::to_system(*o.peer, c.family, record.name);
  const bool names_source = posix::names_source(o, c);
  if (o.piece_count == 1 && o.segment == 0 && !names_source) {
    // More than a request's length holds is more than a datagram holds: the kernel refuses it.
    io_uring_prep_send(r, c.fd, o.pieces->data, std::min(o.pieces->size, request_max),
                       MSG_NOSIGNAL);
    if (o.peer != nullptr)
      io_uring_prep_send_set_addr(r, record.name.get(), static_cast<__u16>(record.name.length));
    if (c.file < 0) return;
    r->fd = c.file;
    r->flags |= IOSQE_FIXED_FILE;
    return;
  }
  record.message = {};
  if (o.peer != nullptr) {
    record.message.msg_name = &record.name.storage;
    record.message.msg_namelen = record.name.length;
  }
  if (o.segment > 0) {
    const std::size_t size = posix::next_run(o, record.message, controls_[o.size - 1]);
    record.run = {const_cast<void*>(o.pieces->data), size};
    record.message.msg_iov = &record.run;
    record.message.msg_iovlen = 1;
  } else {
    // All pieces or none: more than IOV_MAX are too many (EMSGSIZE, sendmsg(2)).
    record.message.msg_iov = reinterpret_cast<iovec*>(o.pieces);
    record.message.msg_iovlen = o.piece_count;
  }
  if (names_source) posix::add_source(o, c, record.message, controls_[o.size - 1]);
  io_uring_prep_sendmsg(r, c.fd, &record.message, MSG_NOSIGNAL);
}

void uring_engine::on_other_sent(op& o, channel& c, int outcome) {
  if (outcome < 0) return on_not_sent(o, c, outcome);
  o.count += outcome;
  touch(c);
  const bool stream = c.sender == &o;
  if (stream || o.segment > 0) {
    if (posix::advance(o, static_cast<std::size_t>(outcome))) return on_not_sent(o, c, outcome);
  }
  if (stream) c.sender = nullptr;
  give_control_back(o);
  finish(o);
}

// Not, or not all of it.
void uring_engine::on_not_sent(op& o, channel& c, int outcome) {
  const bool stream = c.sender == &o;
  const bool stopped = o.engine_state == state_cancelling || c.closing;
  const bool apart = o.many && outcome < 0 && posix::must_go_apart(-outcome);
  if (apart) o.many = false;
  const bool anywhere = !stream && !apart && posix::source_refused(o, c, -outcome);
  const bool again = !stopped && (outcome >= 0 || outcome == -EINTR || apart || anywhere);
  if (again) c.send_waited = true;
  if (again) return stream ? issue_send(o, c) : issue_datagram(o, c);
  if (stream) c.sender = nullptr;
  // The kernel tells a failure once, to whichever call comes first, and EPIPE from then on. A unix
  // socket's sends learn nothing else of a reset, before it has been told or after.
  if (stream && outcome == -EPIPE && c.family != AF_UNIX)
    outcome = c.failure != 0 ? -c.failure : c.sender_told != 0 ? -c.sender_told : -EPIPE;
  else if (stream && outcome < 0 && outcome != -EPIPE && posix::ends_connection(-outcome))
    c.sender_told = -outcome;
  give_control_back(o);
  finish(o, posix::system_error_code(outcome < 0 ? -outcome : ECANCELED));
}

// ── Connecting ──────────────────────────────────────────────────────────────────────────────────

bool uring_engine::submit_connect(op& o, channel& c) {
  if (c.sender != nullptr) {
    o.code = errc::busy;
    return true;
  }
  if (!posix::has_name(*o.peer, c.family)) {
    o.code = errc::bad_address;
    return true;
  }
  c.sender = &o;
  hold(o, c, state_in_kernel);
  ++c.in_kernel;
  io_uring_sqe* r = request(about::operation, &o);
  posix::socket_name& name = record_of(r).name;
  posix::to_system(*o.peer, c.family, name);
  io_uring_prep_connect(r, c.fd, name.get(), name.length);
  return false;
}

void uring_engine::on_connected(op& o, channel& c, int outcome) {
  c.sender = nullptr;
  if (outcome == 0 && c.in_use() && c.kind == posix::socket_kind::stream &&
      posix::connected_to_itself(c.fd))
    outcome = -ECONNREFUSED;
  if (outcome < 0) return finish(o, posix::system_error_code(-outcome));
  finish(o);
}

}  // namespace bight::uring
