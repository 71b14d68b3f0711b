// SPDX-License-Identifier: MIT
// Receiving on sockets. The socket's multishot request serves recv(). recv_into() has its own
// request, directly into the caller's buffer, unless the multishot is already armed.

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

constexpr std::size_t rejoined_max = 4096;  // copying longer parts costs more than it saves
constexpr std::size_t apart_max = 65536;    // of a receive into its own memory
constexpr unsigned lent_freely =
    4;  // while the kernel has this many buffers, inboxes may keep theirs

}  // namespace

// Starts the request for a receive that has begun to wait.
void uring_engine::start_receive(op& o, socket& s) {
  if (s.takes_datagrams() || o.what != verb::recv_into) {
    if (!s.starved) arm(s);
    return;
  }
  o.engine_state = state_in_kernel;
  ++s.in_kernel;
  const std::size_t size = std::min<std::size_t>(o.size, request_max);
  io_uring_prep_recv(request(about::operation, &o), s.fd, o.buffer, size, 0);
}

bool uring_engine::give_at_once(op& o, socket& s) {
  s.give_next(o);
  return finish_at_once(o, s);
}

void uring_engine::arm(socket& s) {
  s.state = source::armed;
  ++s.in_kernel;
  io_uring_sqe* r = request(about::source, &s);
  if (s.kind == posix::socket_kind::listener) {
    if (s.reads_ahead())
      io_uring_prep_multishot_accept(r, s.fd, nullptr, nullptr, SOCK_CLOEXEC);
    else
      io_uring_prep_accept(r, s.fd, nullptr, nullptr, SOCK_CLOEXEC);
    return;
  }
  if (s.takes_datagrams()) {
    io_uring_prep_recvmsg_multishot(r, s.fd, &datagram_header_, 0);
    r->buf_group = datagram_group;
  } else {
    // The first is for a single arrival. Many connections receive once and close, and then there is
    // no multishot to cancel.
    const bool first = !std::exchange(s.received_before, true);
    if (!s.reads_ahead())
      io_uring_prep_recv(r, s.fd, nullptr, std::min<std::size_t>(s.receiver->size, request_max), 0);
    else if (!first)
      io_uring_prep_recv_multishot(r, s.fd, nullptr, 0, 0);
    else
      io_uring_prep_recv(r, s.fd, nullptr, 0, 0);
    r->buf_group = stream_group;
    // If no buffer is left, a receive with nothing to receive yet would otherwise fail at once.
    if (stream_buffers_->with_kernel() == 0) r->ioprio |= IORING_RECVSEND_POLL_FIRST;
  }
  r->flags |= IOSQE_BUFFER_SELECT;
}

void uring_engine::on_arrival(socket& s, completion done) {
  if (s.kind == posix::socket_kind::stream) return on_bytes(s, done);
  s.takes_datagrams() ? on_datagram(s, done) : on_accepted(s, done);
}

void uring_engine::on_bytes(socket& s, completion done) {
  if (done.result <= 0 || s.closing || !done.has_buffer()) return on_no_bytes(s, done);
  touch(s);
  const auto size = static_cast<std::size_t>(done.result);
  if (!done.keeps_buffer() || s.cut) return on_end_of_buffer(s, done);
  deliver_bytes(s, stream_buffers_->take_some(done.buffer(), size));
}

// The waiting receive, if it can take `size` bytes of a stream at once. It nearly always can.
op* uring_engine::taker_of(const socket& s, std::size_t size) noexcept {
  op* const o = s.receiver;
  const bool takes = s.has_waiting_receiver() && o->what == verb::recv && size <= o->size;
  return takes ? o : nullptr;
}

void uring_engine::on_no_bytes(socket& s, completion done) {
  if (done.has_buffer()) {
    const unsigned id = done.buffer();
    const auto size = static_cast<std::size_t>(std::max(done.result, 0));
    static_cast<void>(
        stream_buffers_->take(id, size, done.keeps_buffer(), stream_buffers_->arrival(id), 0));
  }
  if (s.closing) {
    if (done.result > 0) posix::reset_at_close(s.fd);  // the bytes are unread
    return;
  }
  if (s.cut) deliver_bytes(s, take_front(s));
  if (s.in_use()) on_source_ended(s, done.result);
}

void uring_engine::on_end_of_buffer(socket& s, completion done) {
  const auto size = static_cast<std::size_t>(done.result);
  const unsigned id = done.buffer();
  const bool at_end = size <= rejoined_max && stream_buffers_->filled_by(id, size);
  lease bytes =
      stream_buffers_->take(id, size, done.keeps_buffer(), stream_buffers_->arrival(id), size);
  if (s.cut && bytes.size() > rejoined_max) deliver_bytes(s, take_front(s));
  if (s.cut) {
    lease earlier = take_front(s);
    if (lease whole = rejoin(earlier, bytes))
      bytes = std::move(whole);
    else
      deliver_bytes(s, std::move(earlier));
  }
  if (!s.in_use() || (at_end && wait_for_rest(s, bytes))) return;
  deliver_bytes(s, std::move(bytes));
}

// Returns false if there is no memory to keep the bytes.
bool uring_engine::wait_for_rest(socket& s, lease& bytes) noexcept {
  try {
    cut_.push_back({&s, bytes});
  } catch (const std::bad_alloc&) {
    return false;
  }
  return s.cut = true;
}

void uring_engine::on_datagram(socket& s, completion done) {
  if (s.closing || done.result <= 0) {
    if (done.has_buffer()) static_cast<void>(datagram(done));  // gives the buffer back
    if (!s.closing) on_source_ended(s, done.result);
    return;
  }
  touch(s);
  if (!s.keep_or_drop(datagram(done))) return;
  posix::inbox& queue = *s.arrived;
  if (queue.count() == socket::many_at_once && s.file < 0)
    s.file = static_cast<std::int8_t>(ring_->register_file(s.fd));
  if (s.has_waiting_receiver()) {
    queue.give(*s.receiver, true);
    finish(*s.receiver);
  }
  limit(s);
}

// A few bytes at the end of a buffer are often the start of a message whose rest is in the next
// buffer and completes in the same batch. They are joined, so that a message is not split where a
// buffer happens to end.
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

lease uring_engine::take_front(socket& s) {
  s.cut = false;
  for (front& f : cut_)
    if (f.of == &s && !f.bytes.empty()) return std::move(f.bytes);
  return {};
}

// The batch is over, and no more bytes have arrived for these.
void uring_engine::deliver_fronts() {
  for (front& f : cut_) {
    if (f.bytes.empty() || !std::exchange(f.of->cut, false)) continue;
    deliver_bytes(*f.of, std::move(f.bytes));
  }
  cut_.clear();
}

void uring_engine::on_source_ended(socket& s, int outcome) {
  if (outcome == -ENOBUFS && !s.takes_datagrams() && !s.starved) {
    if (starved_.empty()) turns_starved_ = 0;
    if (!starve(s)) outcome = -ENOMEM;
  }
  // No buffer, or our own cancellation: a waiting operation arms the source again.
  if (outcome == -ENOBUFS || outcome == -ECANCELED || outcome == -EINTR) return;
  outcome = s.received(outcome);
  // If a receive waits, the inbox is empty.
  if (s.has_waiting_receiver()) return finish_receive(*s.receiver, s, outcome);
  if (s.takes_datagrams() && outcome < 0) s.fail_next(-outcome);
}

void uring_engine::finish_receive(op& o, socket& s, int outcome) {
  if (outcome < 0) return fail(o, outcome);
  o.count = outcome;
  o.ends_stream = outcome == 0;
  if (outcome > 0) touch(s);
  finish(o);
}

bool uring_engine::starve(socket& s) noexcept {
  try {
    starved_.push_back(&s);
  } catch (const std::bad_alloc&) {
    return false;
  }
  return s.starved = true;
}

// Delivers directly to the waiting receive if possible, otherwise to the inbox.
void uring_engine::deliver_bytes(socket& s, lease bytes) {
  if (op* const o = taker_of(s, bytes.size())) return hand_over(*o, std::move(bytes));
  arrival a;
  a.data = std::move(bytes);
  deliver(s, std::move(a));
}

void uring_engine::deliver(socket& s, arrival&& a) {
  if (s.has_waiting_receiver()) {
    const bool used_up = posix::inbox::hand_over(*s.receiver, a, false);
    finish(*s.receiver);
    if (used_up) return;
  }
  try {
    s.keep().push_back(std::move(a));
    if (stream_buffers_->with_kernel() < lent_freely) untaken_.push_back(&s);
  } catch (const std::bad_alloc&) {
    // Later bytes must not silently replace the ones that are lost here.
    if (!a.data.empty()) return close(s.self(), ending::reset);
  }
  limit(s);
}

// Unread bytes must not take the buffers of other connections. Handlers have had a turn to receive
// what has arrived.
void uring_engine::copy_untaken() noexcept {
  for (const socket* s : untaken_) {
    if (!s->has_arrivals() || stream_buffers_->with_kernel() >= lent_freely) continue;
    s->arrived->each([this](arrival& a) {
      if (!stream_buffers_->lends(a.data)) return;
      if (lease copy = lease::copy_if_possible(a.data)) a.data = std::move(copy);
    });
  }
  untaken_.clear();
}

// Stops the source of a full inbox, so that the kernel keeps further bytes.
void uring_engine::limit(socket& s) noexcept {
  const posix::inbox& queue = *s.arrived;
  if (queue.bytes() >= socket::queued_bytes_max || queue.count() >= socket::queued_count_max)
    stop_source(s);
}

// If every buffer is lent, receives wait until handlers and sends return some. That takes a turn or
// two, and it keeps excess bytes in the kernel. If no buffer returns, the program is holding its
// leases, and each receive gets its own memory.
void uring_engine::feed_starved() noexcept {
  constexpr int turns_max = 2;
  const bool fed = stream_buffers_->with_kernel() > 0;
  turns_starved_ = fed ? 0 : turns_starved_ + 1;
  if (!fed && turns_starved_ <= turns_max) return;
  for (socket* s : starved_) {
    if (!std::exchange(s->starved, false) || s->closing || s->state != source::idle) continue;
    if (!s->has_waiting_receiver()) continue;
    if (fed)
      arm(*s);
    else
      receive_apart(*s->receiver, *s);
  }
  starved_.clear();
}

void uring_engine::receive_apart(op& o, socket& s) noexcept {
  std::size_t size = std::min<std::size_t>(o.size, request_max);
  std::byte* room = o.buffer;
  if (o.what == verb::recv) {
    size = std::min(size, apart_max);
    try {
      *o.got = lease::to_fill(size, room);
    } catch (const std::bad_alloc&) {
      return finish(o, errc::no_resources);
    }
  }
  o.engine_state = state_in_kernel;
  ++s.in_kernel;
  io_uring_prep_recv(request(about::operation, &o), s.fd, room, size, 0);
}

void uring_engine::on_received_apart(op& o, socket& s, int outcome) {
  if (outcome == -EINTR && !s.closing && o.engine_state == state_in_kernel)
    return receive_apart(o, s);
  fill_lease(o, outcome);
  finish_receive(o, s, s.received(outcome));
}

// Shortens the lease of `o`, which has room for more, to the received bytes. Copies a few bytes, so
// that they do not keep a whole block.
void uring_engine::fill_lease(op& o, int outcome) noexcept {
  constexpr std::size_t copy_max = 4096;
  lease room = std::exchange(*o.got, {});
  if (outcome <= 0) return;
  lease filled = room.take_front(static_cast<std::size_t>(outcome));
  lease copy = filled.size() < copy_max ? lease::copy_if_possible(filled) : lease();
  *o.got = copy ? std::move(copy) : std::move(filled);
}

void uring_engine::on_received_into(op& o, socket& s, int outcome) {
  s.received_before = true;
  const bool again = outcome == -EINTR && !s.closing && o.engine_state == state_in_kernel;
  if (again && !s.has_next()) return start_receive(o, s);
  if (!again) return finish_receive(o, s, s.received(outcome));
  s.give_next(o);
  finish(o);
}

// The buffer contains a header, the sender's name and the ancillary data in fields of fixed size,
// then the datagram, or several joined ones.
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
