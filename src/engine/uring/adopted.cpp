// SPDX-License-Identifier: MIT
// Descriptors of the program: terminals, pipes, files. Their flags stay as they are, so a
// non-blocking one is polled after EAGAIN. They are not closed here, and may be adopted again while
// a request on them is still being cancelled, so nothing below relies on their socket.

#include "engine/uring/states.hpp"
#include "engine/uring/uring_engine.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <new>

#include <poll.h>
#include <sys/uio.h>

namespace bight::uring {

namespace {

constexpr std::size_t read_max = 65536;
constexpr auto current_position = static_cast<std::uint64_t>(-1);

}  // namespace

bool uring_engine::submit_read(op& o, socket& s) {
  if (s.receiver != nullptr) return refuse(o, errc::busy);
  if (s.has_next()) return give_at_once(o, s);
  const std::span<std::byte> room = room_to_read(o);  // may throw, so before it is held
  hold_receiver(o, s, state_in_kernel);
  issue_read(o, room);
  return false;
}

std::span<std::byte> uring_engine::room_to_read(op& o) {
  const std::size_t size = std::min<std::size_t>(o.size, read_max);
  std::byte* room = nullptr;
  *o.got = lease::to_fill(size, room);
  return {room, size};
}

void uring_engine::issue_read(op& o, std::span<std::byte> room) {
  o.engine_state = state_in_kernel;
  ++in_kernel_;
  io_uring_prep_read(request(about::operation, &o), static_cast<int>(o.on.index), room.data(),
                     static_cast<unsigned>(room.size()), current_position);
}

void uring_engine::read_again(op& o) noexcept {
  try {
    issue_read(o, room_to_read(o));
  } catch (const std::bad_alloc&) {
    finish(o, errc::no_resources);
  }
}

void uring_engine::on_read(op& o, int outcome) {
  const bool asked_to_end = o.engine_state == state_cancelling;
  if (outcome == -EAGAIN && !asked_to_end) return poll_first(o, POLLIN);
  if (outcome == -EINTR && !asked_to_end) return read_again(o);
  fill_lease(o, outcome);
  if (outcome == -EINTR || outcome == -EAGAIN) outcome = -ECANCELED;
  if (outcome < 0) return fail(o, outcome);
  o.count = outcome;
  o.ends_stream = outcome == 0;
  finish(o);
}

void uring_engine::issue_write(op& o) {
  const int fd = static_cast<int>(o.on.index);
  o.engine_state = state_in_kernel;
  ++in_kernel_;
  io_uring_sqe* r = request(about::operation, &o);
  if (o.piece_count == 1)
    io_uring_prep_write(r, fd, o.pieces->data,
                        static_cast<unsigned>(std::min(o.pieces->size, request_max)),
                        current_position);
  else
    io_uring_prep_writev(r, fd, reinterpret_cast<const iovec*>(o.pieces),
                         std::min<unsigned>(o.piece_count, IOV_MAX), current_position);
}

void uring_engine::on_written(op& o, socket& s, int outcome) {
  const bool asked_to_end = o.engine_state == state_cancelling;
  if (outcome == -EAGAIN && !asked_to_end) return poll_first(o, POLLOUT);
  if (outcome > 0) {
    o.count += outcome;
    posix::advance(o, static_cast<std::size_t>(outcome));
  }
  const bool rest = posix::more_pieces(o);
  if (rest && !asked_to_end && (outcome >= 0 || outcome == -EINTR)) return issue_write(o);
  if (s.sender == &o) s.sender = nullptr;
  if (!rest) return finish(o);
  const bool failed = outcome < 0 && outcome != -EINTR && outcome != -EAGAIN;
  fail(o, failed ? outcome : -ECANCELED);
}

void uring_engine::poll_first(op& o, unsigned events) noexcept {
  o.engine_state = state_polling;
  ++in_kernel_;
  io_uring_prep_poll_add(request(about::polling, &o), static_cast<int>(o.on.index), events);
}

// The descriptor is ready, or the poll was cancelled. Trying the call again shows which.
void uring_engine::on_polled(op& o) {
  socket& s = socket_of(o);
  const bool reads = o.what == verb::read;
  if (o.engine_state == state_cancelling)
    return reads ? on_read(o, -ECANCELED) : on_written(o, s, -ECANCELED);
  reads ? read_again(o) : issue_write(o);
}

}  // namespace bight::uring
