// SPDX-License-Identifier: MIT
// Receiving on sockets. recv() is served by the socket's multishot request; recv_into() by a
// request of its own, straight into the caller's buffer, unless the multishot is already running.

#include "engine/uring/groups.hpp"
#include "engine/uring/states.hpp"
#include "engine/uring/uring_engine.hpp"

#include <bight/machinery/scheduler.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

namespace bight::uring {

namespace {

constexpr std::size_t rejoined_max = 4096;  // longer parts are not worth the copy
constexpr std::size_t apart_max = 65536;    // of a receive without the ring
constexpr unsigned lent_freely = 4;         // while the kernel has so many buffers

}  // namespace

// Nothing is on its way to the receive that has begun to wait.
void uring_engine::ask(op& o, channel& c) {
  if (c.takes_datagrams() || o.what != verb::recv_into) {
    if (!c.starved) arm(c);
    return;
  }
  o.engine_state = state_in_kernel;
  ++c.in_kernel;
  const std::size_t size = std::min<std::size_t>(o.size, request_max);
  io_uring_prep_recv(request(about::operation, &o), c.fd, o.buffer, size, 0);
}

bool uring_engine::give_at_once(op& o, channel& c) {
  give(o, c);
  return at_once(o, c);
}

void uring_engine::give(op& o, channel& c) {
  if (c.has_arrivals())
    c.arrived->give(o, c.takes_datagrams());
  else if (c.failure != 0)
    o.code = posix::system_error_code(c.told_failure());
  else
    o.ends_stream = c.ended;
}

void uring_engine::arm(channel& c) {
  c.state = source::armed;
  ++c.in_kernel;
  io_uring_sqe* r = request(about::source, &c);
  if (c.kind == posix::socket_kind::listener) {
    if (c.reads_ahead())
      io_uring_prep_multishot_accept(r, c.fd, nullptr, nullptr, SOCK_CLOEXEC);
    else
      io_uring_prep_accept(r, c.fd, nullptr, nullptr, SOCK_CLOEXEC);
    return;
  }
  if (c.takes_datagrams()) {
    io_uring_prep_recvmsg_multishot(r, c.fd, &datagram_header_, 0);
    r->buf_group = datagram_group;
  } else {
    // The first is for one arrival: many a connection asks once and ends, and then there is no
    // multishot to be cancelled before its close.
    const bool first = !std::exchange(c.received_before, true);
    if (!c.reads_ahead())
      io_uring_prep_recv(r, c.fd, nullptr, std::min<std::size_t>(c.receiver->size, request_max), 0);
    else if (!first)
      io_uring_prep_recv_multishot(r, c.fd, nullptr, 0, 0);
    else
      io_uring_prep_recv(r, c.fd, nullptr, 0, 0);
    r->buf_group = stream_group;
    // Without one left, a receive that has nothing to receive yet would fail for the buffer too.
    if (stream_buffers_->with_kernel() == 0) r->ioprio |= IORING_RECVSEND_POLL_FIRST;
  }
  r->flags |= IOSQE_BUFFER_SELECT;
}

void uring_engine::on_arrival(channel& c, completion done) {
  if (c.kind == posix::socket_kind::stream) return on_bytes(c, done);
  c.takes_datagrams() ? on_datagram(c, done) : on_accepted(c, done);
}

void uring_engine::on_bytes(channel& c, completion done) {
  if (done.result <= 0 || c.closing || !done.has_buffer()) return on_no_bytes(c, done);
  touch(c);
  const auto size = static_cast<std::size_t>(done.result);
  if (!done.keeps_buffer() || c.cut) return on_end_of_buffer(c, done);
  deliver_bytes(c, stream_buffers_->take_some(done.buffer(), size));
}

// The receive that waits, if it takes so much of a stream at once, as it nearly always does.
op* uring_engine::taker_of(const channel& c, std::size_t size) noexcept {
  op* const o = c.receiver;
  const bool takes = c.has_waiting_receiver() && o->what == verb::recv && size <= o->size;
  return takes ? o : nullptr;
}

void uring_engine::on_no_bytes(channel& c, completion done) {
  if (done.has_buffer()) {
    const unsigned id = done.buffer();
    const auto size = static_cast<std::size_t>(std::max(done.result, 0));
    static_cast<void>(
        stream_buffers_->take(id, size, done.keeps_buffer(), stream_buffers_->arrival(id), 0));
  }
  if (c.closing) {
    if (done.result > 0) posix::reset_at_close(c.fd);  // unread, as far as the peer goes
    return;
  }
  if (c.cut) deliver_bytes(c, take_front(c));
  if (c.in_use()) on_source_ended(c, done.result);
}

void uring_engine::on_end_of_buffer(channel& c, completion done) {
  const auto size = static_cast<std::size_t>(done.result);
  const unsigned id = done.buffer();
  const bool at_end = size <= rejoined_max && stream_buffers_->filled_by(id, size);
  lease bytes =
      stream_buffers_->take(id, size, done.keeps_buffer(), stream_buffers_->arrival(id), size);
  if (c.cut && bytes.size() > rejoined_max) deliver_bytes(c, take_front(c));
  if (c.cut) {
    lease earlier = take_front(c);
    if (lease whole = rejoin(earlier, bytes))
      bytes = std::move(whole);
    else
      deliver_bytes(c, std::move(earlier));
  }
  if (!c.in_use() || (at_end && wait_for_rest(c, bytes))) return;
  deliver_bytes(c, std::move(bytes));
}

// False: there is no memory to wait in.
bool uring_engine::wait_for_rest(channel& c, lease& bytes) noexcept {
  try {
    cut_.push_back({&c, bytes});
  } catch (const std::bad_alloc&) {
    return false;
  }
  return c.cut = true;
}

void uring_engine::on_datagram(channel& c, completion done) {
  if (c.closing || done.result <= 0) {
    if (done.has_buffer()) static_cast<void>(datagram(done));  // gives the buffer back
    if (!c.closing) on_source_ended(c, done.result);
    return;
  }
  touch(c);
  arrival a = datagram(done);
  if (!keep_datagram(c, std::move(a))) return;
  posix::inbox& queue = *c.arrived;
  if (queue.count() == channel::many_at_once && c.file < 0)
    c.file = static_cast<std::int8_t>(ring_->enlist(c.fd));
  if (c.has_waiting_receiver()) {
    queue.give(*c.receiver, true);
    finish(*c.receiver);
  }
  limit(c);
}

// One that finds no memory is lost, as in the kernel.
bool uring_engine::keep_datagram(channel& c, arrival&& a) noexcept {
  try {
    c.keep().push_back(std::move(a));
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

// A few bytes at the end of a buffer are often the front of something that one send wrote: its
// rest is in the next buffer, and completes in the same batch. They are put together again, so that
// what travelled together is not cut where our buffers happen to end.
lease uring_engine::rejoin(const lease& front, const lease& rest) noexcept {
  try {
    std::byte* room = nullptr;
    lease whole = lease::to_fill(front.size() + rest.size(), room);
    std::memcpy(room, front.data(), front.size());
    std::memcpy(room + front.size(), rest.data(), rest.size());
    return whole;
  } catch (const std::bad_alloc&) {
    return {};
  }
}

lease uring_engine::take_front(channel& c) {
  c.cut = false;
  for (front& f : cut_)
    if (f.of == &c && !f.bytes.empty()) return std::move(f.bytes);
  return {};
}

// The batch is over, and nothing more has come for these.
void uring_engine::deliver_fronts() {
  for (front& f : cut_) {
    if (f.bytes.empty() || !std::exchange(f.of->cut, false)) continue;
    deliver_bytes(*f.of, std::move(f.bytes));
  }
  cut_.clear();
}

void uring_engine::on_source_ended(channel& c, int outcome) {
  outcome = c.received(outcome);
  if (outcome == -ENOBUFS && !c.takes_datagrams() && !c.starved) {
    if (starved_.empty()) turns_starved_ = 0;
    if (!starve(c)) outcome = -ENOMEM;
  }
  // No buffer, or our own cancellation: whoever waits arms the source again.
  if (outcome == -ENOBUFS || outcome == -ECANCELED || outcome == -EINTR) return;
  if (outcome == 0)
    c.end();
  else
    c.fail(-outcome);
  if (!c.has_waiting_receiver()) return;
  // A waiting receive means that nothing is queued.
  static_cast<void>(give_kept(*c.receiver, c));
  finish(*c.receiver);
}

bool uring_engine::starve(channel& c) noexcept {
  try {
    starved_.push_back(&c);
  } catch (const std::bad_alloc&) {
    return false;
  }
  return c.starved = true;
}

// To the receive that waits, without a detour by the queue; else into the queue.
void uring_engine::deliver_bytes(channel& c, lease bytes) {
  if (op* const o = taker_of(c, bytes.size())) return hand_over(*o, std::move(bytes));
  arrival a;
  a.data = std::move(bytes);
  deliver(c, std::move(a));
}

void uring_engine::deliver(channel& c, arrival&& a) {
  if (c.has_waiting_receiver()) {
    const bool used_up = posix::inbox::hand_over(*c.receiver, a, false);
    finish(*c.receiver);
    if (used_up) return;
  }
  try {
    c.keep().push_back(std::move(a));
    if (stream_buffers_->with_kernel() < lent_freely) untaken_.push_back(&c);
  } catch (const std::bad_alloc&) {
    if (!a.data.empty()) return break_off(c);
  }
  limit(c);
}

// There is no memory to keep what has come. What comes next must not pass for it.
void uring_engine::break_off(channel& c) noexcept {
  close({static_cast<std::uint32_t>(c.fd), c.generation}, ending::reset);
}

// Peers that nobody reads shall not keep the buffers from the others. Whoever reads has had this
// turn to take what came.
void uring_engine::copy_untaken() noexcept {
  for (const channel* c : untaken_) {
    if (!c->has_arrivals() || stream_buffers_->with_kernel() >= lent_freely) continue;
    c->arrived->each([this](arrival& a) {
      if (!stream_buffers_->lends(a.data)) return;
      if (lease copy = lease::copy_if_possible(a.data)) a.data = std::move(copy);
    });
  }
  untaken_.clear();
}

// What nobody asks for the kernel shall keep.
void uring_engine::limit(channel& c) noexcept {
  const posix::inbox& queue = *c.arrived;
  if (queue.bytes() >= channel::queued_bytes_max || queue.count() >= channel::queued_count_max)
    stop_source(c);
}

void uring_engine::take_arrived(handle h, arrivals& into) {
  const channel* const c = find(h);
  if (c == nullptr || c->arrived == nullptr) return;
  c->arrived->take(into, at_once_max);
  at_once_ -= static_cast<int>(into.size());
}

// With every buffer lent, receives wait for the handlers and sends that have them: that is within a
// turn or two, and holds back what the kernel would only pile up in front of us. When no buffer
// comes back, somebody keeps his leases for long. Then each receive gets memory of its own.
void uring_engine::feed_starved() noexcept {
  constexpr int turns_max = 2;
  const bool fed = stream_buffers_->with_kernel() > 0;
  turns_starved_ = fed ? 0 : turns_starved_ + 1;
  if (!fed && turns_starved_ <= turns_max) return;
  for (channel* c : starved_) {
    if (!std::exchange(c->starved, false) || c->closing || c->state != source::idle) continue;
    if (!c->has_waiting_receiver()) continue;
    if (fed)
      arm(*c);
    else
      receive_apart(*c->receiver, *c);
  }
  starved_.clear();
}

void uring_engine::receive_apart(op& o, channel& c) noexcept {
  std::size_t size = std::min<std::size_t>(o.size, request_max);
  std::byte* room = o.buffer;
  if (o.what == verb::recv) {
    size = std::min(size, apart_max);
    try {
      *o.got = lease::to_fill(size, room);
    } catch (const std::bad_alloc&) {
      return finish(o, make_error_code(errc::no_resources));
    }
  }
  o.engine_state = state_in_kernel;
  ++c.in_kernel;
  io_uring_prep_recv(request(about::operation, &o), c.fd, room, size, 0);
}

void uring_engine::on_received_apart(op& o, channel& c, int outcome) {
  if (outcome == -EINTR && !c.closing && o.engine_state == state_in_kernel)
    return receive_apart(o, c);
  outcome = c.received(outcome);
  fill_lease(o, outcome);
  if (outcome < 0) return finish(o, posix::system_error_code(-outcome));
  o.count = outcome;
  if (outcome == 0) c.end();
  o.ends_stream = c.ended;
  if (outcome > 0) touch(c);
  finish(o);
}

// `o` was given a lease with room to be filled: what of it is lent out in the end. A few bytes are
// not worth their block.
void uring_engine::fill_lease(op& o, int outcome) noexcept {
  constexpr std::size_t copy_max = 4096;
  lease room = std::exchange(*o.got, {});
  if (outcome <= 0) return;
  lease filled = room.take_front(static_cast<std::size_t>(outcome));
  lease copy = filled.size() < copy_max ? lease::copy_if_possible(filled) : lease();
  *o.got = copy ? std::move(copy) : std::move(filled);
}

void uring_engine::on_received_into(op& o, channel& c, int outcome) {
  c.received_before = true;
  const bool again = outcome == -EINTR && !c.closing && o.engine_state == state_in_kernel;
  if (again && !c.keeps_something()) return ask(o, c);
  if (again) {
    give(o, c);
    return finish(o);
  }
  outcome = c.received(outcome);
  if (outcome < 0) return finish(o, posix::system_error_code(-outcome));
  o.count = outcome;
  if (outcome == 0) c.end();
  o.ends_stream = c.ended;
  if (outcome > 0) touch(c);
  finish(o);
}

// The buffer holds a header, the sender's name and the ancillary data in fields of fixed size, and
// the datagram, or several.
arrival uring_engine::datagram(completion done) {
  arrival a;
  std::byte* start = datagram_buffers_->arrival(done.buffer());
  const std::size_t used = done.result > 0 ? static_cast<std::size_t>(done.result) : 0;
  constexpr std::size_t name_end = sizeof(io_uring_recvmsg_out) + name_room;
  constexpr std::size_t header_end = name_end + control_room;
  if (used >= header_end) {
    io_uring_recvmsg_out header;
    std::memcpy(&header, start, sizeof header);
    const auto* name = reinterpret_cast<const sockaddr*>(start + sizeof header);
    a.from = posix::from_system(name, std::min(header.namelen, name_room));
    a.truncated = (header.flags & MSG_TRUNC) != 0;
    if (header.controllen > 0) posix::read_ancillary(start + name_end, header.controllen, a);
  }
  a.data = datagram_buffers_->take(done.buffer(), used, false, start + header_end,
                                   used >= header_end ? used - header_end : 0);
  return a;
}

}  // namespace bight::uring
