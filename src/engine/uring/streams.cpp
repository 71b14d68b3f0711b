// SPDX-License-Identifier: MIT
// The path of a stream's messages. It checks only what makes a message the common case. Everything
// else is in separate functions, in other files.

#include "engine/uring/states.hpp"
#include "engine/uring/uring_engine.hpp"

#include <bight/machinery/scheduler.hpp>

namespace bight::uring {

bool uring_engine::submit(op& o) {
  socket* const s = sockets_.find(o.on);
  if (s == nullptr) return submit_without_socket(o);
  if (o.what == verb::recv && !o.many) return submit_receive(o, *s);
  if (o.what == verb::send) return submit_send(o, *s);
  return submit_other(o, *s);
}

bool uring_engine::submit_receive(op& o, socket& s) {
  if (s.receiver != nullptr) return refuse(o, errc::busy);
  if (s.has_next()) return give_at_once(o, s);
  hold_receiver(o, s);
  if (s.state == source::idle) start_receive(o, s);
  return false;
}

bool uring_engine::submit_send(op& o, socket& s) {
  const bool simply = s.kind == posix::socket_kind::stream && o.piece_count == 1;
  if (!simply || s.sender != nullptr) return submit_other_send(o, s);
  const std::size_t size = o.pieces->size;
  if (size - 1 >= request_max) return submit_other_send(o, s);
  io_uring_sqe* const r = ring_->next_if_free();
  if (r == nullptr) return submit_other_send(o, s);
  hold_sender(o, s);
  ++s.in_kernel;
  r->user_data = tagged(about::operation, &o);
  io_uring_prep_send(r, s.fd, o.pieces->data, size, MSG_NOSIGNAL);
  return false;
}

// Completions that did not fit into the queue arrive with the next enter.
void uring_engine::collect_all(time_point now) {
  ring_->collect([this, now](std::uint64_t user_data, completion done) {
    constexpr std::uint64_t tag_bits = 7;
    const auto what = static_cast<about>(user_data & tag_bits);
    void* object = reinterpret_cast<void*>(static_cast<std::uintptr_t>(user_data & ~tag_bits));
    if (what == about::source)
      on_source(*static_cast<socket*>(object), done, now);
    else if (what == about::operation)
      on_operation(*static_cast<op*>(object), done.result, now);
    else
      on_other(what, object, done);
  });
  if (!cut_.empty()) deliver_fronts();
}

inline void uring_engine::on_source(socket& s, completion done, time_point now) {
  if (!done.more()) return on_source_over(s, done);
  if (s.kind != posix::socket_kind::stream) return on_arrival(s, done);
  if (done.result <= 0) [[unlikely]]
    return on_bytes(s, done);
  if (!done.keeps_buffer() || s.cut) [[unlikely]]
    return on_bytes(s, done);
  op* const o = s.receiver;
  const auto size = static_cast<std::uint32_t>(done.result);
  if (o == nullptr || o->engine_state != state_waiting) return on_bytes(s, done);
  if (o->what != verb::recv || size > o->size) return on_bytes(s, done);
  s.last_used = now;
  hand_over(*o, stream_buffers_->take_some(done.buffer(), size));
}

inline void uring_engine::on_operation(op& o, int outcome, time_point now) {
  socket& s = socket_of(o);
  if (o.what != verb::send || s.closing) return on_other_operation(o, outcome);
  --s.in_kernel;
  on_sent(o, s, outcome, now);
}

inline void uring_engine::on_sent(op& o, socket& s, int outcome, time_point now) {
  const bool simply = s.sender == &o && o.piece_count == 1;
  if (!simply || o.pieces->size != static_cast<std::size_t>(outcome))
    return on_other_sent(o, s, outcome);
  s.sender = nullptr;
  o.count += outcome;
  s.last_used = now;
  finish(o);
}

}  // namespace bight::uring
