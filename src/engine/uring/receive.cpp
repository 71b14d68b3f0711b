// SPDX-License-Identifier: MIT
// Receiving on sockets. recv() is served by the socket's multishot request; recv_into() by a
// request of its own, straight into the caller's buffer, unless the multishot is already running.

#include "engine/uring/groups.hpp"
#include "engine/uring/states.hpp"
#include "engine/uring/uring_engine.hpp"

#include <bight/scheduler.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace bight::uring {

namespace {

constexpr std::size_t rejoined_max = 4096;                 // a longer front is not worth the copy
constexpr std::size_t request_max = std::size_t{1} << 30;  // a request's length has 32 bits

}  // namespace

bool uring_engine::submit_receive(op& o, channel& c, bool datagrams) {
  if (c.receiver != nullptr) {
    o.code = make_error_code(errc::busy);
    return true;
  }
  if (give_kept(o, c, datagrams)) return at_once(o);
  c.receiver = &o;
  if (o.what == verb::recv_into && c.state == source::idle && !datagrams) {
    hold(o, state_in_kernel);
    ++c.in_kernel;
    const std::size_t size = std::min(o.size, request_max);
    io_uring_prep_recv(request(about::operation, &o), c.fd(), o.buffer, size, 0);
    return false;
  }
  c.kind = datagrams ? arrives::datagrams : arrives::bytes;
  hold(o, state_waiting);
  if (c.state == source::idle) arm(c);
  return false;
}

// What is known already: arrivals, then a failure once, then the end.
bool uring_engine::give_kept(op& o, channel& c, bool datagrams) {
  if (c.has_arrivals())
    c.arrived->give(o, datagrams);
  else if (c.failure != 0)
    o.code = posix::system_error_code(std::exchange(c.failure, 0));
  else if (c.ended)
    o.ends_stream = true;
  else
    return false;
  return true;
}

void uring_engine::arm(channel& c) {
  c.state = source::armed;
  ++c.in_kernel;
  io_uring_sqe* r = request(about::source, &c);
  if (c.kind == arrives::connections) {
    io_uring_prep_multishot_accept(r, c.fd(), nullptr, nullptr, SOCK_CLOEXEC);
    return;
  }
  if (c.kind == arrives::datagrams) {
    io_uring_prep_recvmsg_multishot(r, c.fd(), &datagram_header_, 0);
    r->buf_group = datagram_group;
  } else {
    io_uring_prep_recv_multishot(r, c.fd(), nullptr, 0, 0);
    r->buf_group = stream_group;
  }
  r->flags |= IOSQE_BUFFER_SELECT;
}

void uring_engine::on_arrival(channel& c, const completion& done) {
  const bool datagrams = c.kind == arrives::datagrams;
  posix::arrival a;
  bool at_end = false;
  if (done.has_buffer() && datagrams) {
    a = datagram(done);
  } else if (done.has_buffer()) {
    const bool kept = (done.flags & abi::completion_buffer_more) != 0;
    const std::size_t size = done.result > 0 ? static_cast<std::size_t>(done.result) : 0;
    at_end = size <= rejoined_max && stream_buffers_->filled_by(done.buffer(), size);
    a.data = stream_buffers_->take(done.buffer(), size, kept,
                                   stream_buffers_->arrival(done.buffer()), size);
  }
  if (c.closing) return;
  if (done.result > 0) {
    touch(c);
    if (!c.front.empty()) a.data = rejoin(std::exchange(c.front, {}), a.data);
    if (!at_end) return deliver(c, std::move(a));
    c.front = std::move(a.data);
    cut_.push_back(&c);
    return;
  }
  deliver_front(c);
  on_source_ended(c, done.result);
}

// A few bytes at the end of a buffer are often the front of something that one send wrote: its
// rest is in the next buffer, and completes in the same batch. They are put together again, so that
// what travelled together is not cut where our buffers happen to end.
lease uring_engine::rejoin(const lease& front, const lease& rest) {
  std::string whole(front.view());
  whole += rest.view();
  return lease::copy_of(whole);
}

void uring_engine::deliver_front(channel& c) {
  if (c.front.empty()) return;
  posix::arrival a;
  a.data = std::exchange(c.front, {});
  deliver(c, std::move(a));
}

// The batch is over, and nothing more has come for these.
void uring_engine::deliver_fronts() {
  for (channel* c : cut_) deliver_front(*c);
  cut_.clear();
}

void uring_engine::on_source_ended(channel& c, int outcome) {
  // No buffer, or our own cancellation: whoever waits arms the source again. Buffers have come
  // back by then, because a quarter of them is never lent.
  if (outcome == -ENOBUFS || outcome == -ECANCELED || outcome == -EINTR) return;
  if (outcome == 0)
    c.ended = true;
  else
    c.failure = -outcome;
  if (c.receiver == nullptr || c.receiver->engine_state != state_waiting) return;
  op& o = *std::exchange(c.receiver, nullptr);
  // A waiting receive means that nothing is queued.
  static_cast<void>(give_kept(o, c, c.kind == arrives::datagrams));
  finish(o);
}

// To the receive that waits, without a detour by the queue; else into the queue.
void uring_engine::deliver(channel& c, posix::arrival a) {
  const bool datagrams = c.kind == arrives::datagrams;
  if (c.receiver != nullptr && c.receiver->engine_state == state_waiting) {
    op& o = *std::exchange(c.receiver, nullptr);
    posix::inbox::hand_over(o, a, datagrams);
    finish(o);
    if (datagrams || a.data.empty()) return;
  }
  posix::inbox& queue = c.keep();
  queue.push_back(std::move(a));
  if (queue.bytes() >= channel::queued_bytes_max || queue.count() >= channel::queued_count_max)
    stop_source(c);
}

void uring_engine::on_received_into(op& o, channel& c, int outcome) {
  c.receiver = nullptr;
  if (outcome == -EINTR && !c.closing && o.engine_state == state_in_kernel) {
    o.engine_state = state_settled;
    --waiting_;
    if (submit_receive(o, c, false)) complete(o);
    return;
  }
  if (outcome < 0) return finish(o, posix::system_error_code(-outcome));
  o.count = outcome;
  o.ends_stream = c.ended = outcome == 0;
  if (outcome > 0) touch(c);
  finish(o);
}

// The buffer holds a header, the sender's name in a field of fixed size, and the datagram.
posix::arrival uring_engine::datagram(const completion& done) {
  posix::arrival a;
  std::byte* start = datagram_buffers_->arrival(done.buffer());
  const std::size_t used = done.result > 0 ? static_cast<std::size_t>(done.result) : 0;
  const std::size_t front = sizeof(io_uring_recvmsg_out) + datagram_header_.msg_namelen;
  if (used >= front) {
    io_uring_recvmsg_out header;
    std::memcpy(&header, start, sizeof header);
    posix::socket_name from;
    from.length = std::min<socklen_t>(header.namelen, datagram_header_.msg_namelen);
    std::memcpy(&from.storage, start + sizeof header, from.length);
    a.from = posix::from_system(from);
    a.truncated = (header.flags & MSG_TRUNC) != 0;
  }
  a.data = datagram_buffers_->take(done.buffer(), used, false, start + front,
                                   used >= front ? used - front : 0);
  return a;
}

}  // namespace bight::uring
