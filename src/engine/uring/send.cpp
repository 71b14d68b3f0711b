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

bool uring_engine::submit_other_send(op& o, socket& s) {
  if (s.takes_datagrams()) return submit_datagram(o, s);
  if (s.sender != nullptr) return refuse(o, errc::busy);
  if (!posix::more_pieces(o)) return finish_at_once(o, s);
  hold_sender(o, s);
  o.what == verb::write ? issue_write(o) : issue_send(o, s);
  return false;
}

bool uring_engine::submit_datagram(op& o, socket& s) {
  if (o.peer != nullptr && !posix::has_name(*o.peer, s.family)) return refuse(o, errc::bad_address);
  // A failure that the socket's source has found is reported to the next call.
  if (s.failure != 0) {
    o.code = posix::system_error_code(s.take_failure());
    return finish_at_once(o, s);
  }
  if (o.segment > 0 && !posix::more_pieces(o)) return finish_at_once(o, s);
  if (o.segment > 0 || posix::names_source(o, s)) o.size = take_control();
  o.engine_data = &s;
  hold(o, state_in_kernel);
  issue_datagram(o, s);
  return false;
}

std::uint32_t uring_engine::take_control() {
  if (controls_free_.empty()) {
    if (controls_free_.capacity() <= controls_.size())  // so that give_control_back() cannot fail
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

// A single piece needs no msghdr. MSG_WAITALL is not used: with it the kernel continues after a
// partial send, but a failure then returns the count of the part, and the socket's error (a reset,
// a timeout) is cleared without being reported.
void uring_engine::issue_send(op& o, socket& s) {
  ++s.in_kernel;
  io_uring_sqe* r = request(about::operation, &o);
  if (o.piece_count == 1)
    return io_uring_prep_send(r, s.fd, o.pieces->data, std::min(o.pieces->size, request_max),
                              MSG_NOSIGNAL);
  issue_pieces(r, o, s);
}

void uring_engine::issue_pieces(io_uring_sqe* r, op& o, socket& s) {
  msghdr& message = record_of(r).message;
  message = {};
  message.msg_iov = reinterpret_cast<iovec*>(o.pieces);
  message.msg_iovlen = std::min<std::size_t>(o.piece_count, IOV_MAX);
  io_uring_prep_sendmsg(r, s.fd, &message, MSG_NOSIGNAL);
}

// A single piece needs no msghdr here either, only the name of its target.
void uring_engine::issue_datagram(op& o, socket& s) {
  ++s.in_kernel;
  io_uring_sqe* r = request(about::operation, &o);
  call_record& record = record_of(r);
  if (o.peer != nullptr) posix::to_system(*o.peer, s.family, record.name);
  const bool names_source = posix::names_source(o, s);
  if (o.piece_count == 1 && o.segment == 0 && !names_source) {
    // A length beyond request_max exceeds a datagram too, so the kernel refuses it.
    io_uring_prep_send(r, s.fd, o.pieces->data, std::min(o.pieces->size, request_max),
                       MSG_NOSIGNAL);
    if (o.peer != nullptr)
      io_uring_prep_send_set_addr(r, record.name.get(), static_cast<__u16>(record.name.length));
    if (s.file < 0) return;
    r->fd = s.file;
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
    // A datagram needs all its pieces: more than IOV_MAX fail with EMSGSIZE (sendmsg(2)).
    record.message.msg_iov = reinterpret_cast<iovec*>(o.pieces);
    record.message.msg_iovlen = o.piece_count;
  }
  if (names_source) posix::add_source(o, s, record.message, controls_[o.size - 1]);
  io_uring_prep_sendmsg(r, s.fd, &record.message, MSG_NOSIGNAL);
}

void uring_engine::on_other_sent(op& o, socket& s, int outcome) {
  if (outcome < 0) return on_not_sent(o, s, outcome);
  o.count += outcome;
  touch(s);
  const bool stream = s.sender == &o;
  if (stream || o.segment > 0) {
    if (posix::advance(o, static_cast<std::size_t>(outcome))) return on_not_sent(o, s, outcome);
  }
  if (stream) s.sender = nullptr;
  give_control_back(o);
  finish(o);
}

// The send failed, or sent only a part.
void uring_engine::on_not_sent(op& o, socket& s, int outcome) {
  const bool stream = s.sender == &o;
  const bool stopped = o.engine_state == state_cancelling || s.closing;
  const bool apart = o.many && outcome < 0 && posix::must_go_apart(-outcome);
  if (apart) o.many = false;
  const bool anywhere = !stream && !apart && posix::source_refused(o, s, -outcome);
  const bool again = !stopped && (outcome >= 0 || outcome == -EINTR || apart || anywhere);
  if (again) s.send_waited = true;
  if (again) return stream ? issue_send(o, s) : issue_datagram(o, s);
  if (stream) s.sender = nullptr;
  if (outcome >= 0) outcome = -ECANCELED;
  if (stream) outcome = -s.not_sent(-outcome);
  give_control_back(o);
  fail(o, outcome);
}

// ── Connecting ──────────────────────────────────────────────────────────────────────────────────

bool uring_engine::submit_connect(op& o, socket& s) {
  if (s.sender != nullptr) return refuse(o, errc::busy);
  if (!posix::has_name(*o.peer, s.family)) return refuse(o, errc::bad_address);
  hold_sender(o, s);
  ++s.in_kernel;
  io_uring_sqe* r = request(about::operation, &o);
  posix::socket_name& name = record_of(r).name;
  posix::to_system(*o.peer, s.family, name);
  io_uring_prep_connect(r, s.fd, name.get(), name.length);
  return false;
}

void uring_engine::on_connected(op& o, socket& s, int outcome) {
  s.sender = nullptr;
  if (outcome == 0 && s.in_use() && s.kind == posix::socket_kind::stream &&
      posix::connected_to_itself(s.fd))
    outcome = -ECONNREFUSED;
  outcome < 0 ? fail(o, outcome) : finish(o);
}

}  // namespace bight::uring
