// SPDX-License-Identifier: MIT
// The way of a stream's messages. It looks only at what makes a message the common case; whatever
// is not so simple ends in a function of its own, elsewhere.

#include "engine/uring/states.hpp"
#include "engine/uring/uring_engine.hpp"

#include <bight/machinery/scheduler.hpp>

namespace bight::uring {

bool uring_engine::submit(op& o) {
  channel* const c = channels_.find(o.on);
  if (c == nullptr) return submit_without_socket(o);
  if (o.what == verb::recv && !o.many) return submit_receive(o, *c);
  if (o.what == verb::send) return submit_send(o, *c);
  return submit_other(o, *c);
}

bool uring_engine::submit_receive(op& o, channel& c) {
  if (c.receiver != nullptr) {
    o.code = errc::busy;
    return true;
  }
  if (c.keeps_something()) return give_at_once(o, c);
  hold_receiver(o, c, state_waiting);
  if (c.state == source::idle) ask(o, c);
  return false;
}

bool uring_engine::submit_send(op& o, channel& c) {
  const bool simply = c.kind == posix::socket_kind::stream && o.piece_count == 1;
  if (!simply || c.sender != nullptr) return submit_other_send(o, c);
  const std::size_t size = o.pieces->size;
  if (size - 1 >= request_max) return submit_other_send(o, c);
  io_uring_sqe* const r = ring_->next_if_free();
  if (r == nullptr) return submit_other_send(o, c);
  c.sender = &o;
  hold(o, c, state_in_kernel);
  ++c.in_kernel;
  r->user_data = tagged(about::operation, &o);
  io_uring_prep_send(r, c.fd, o.pieces->data, size, MSG_NOSIGNAL);
  return false;
}

// Completions that did not fit into their queue come with the next enter.
void uring_engine::collect_all(time_point now) {
  ring_->collect([this, now](std::uint64_t user_data, completion done) {
    constexpr std::uint64_t tag_bits = 7;
    const auto what = static_cast<about>(user_data & tag_bits);
    void* object = reinterpret_cast<void*>(static_cast<std::uintptr_t>(user_data & ~tag_bits));
    if (what == about::source)
      on_source(*static_cast<channel*>(object), done, now);
    else if (what == about::operation)
      on_operation(*static_cast<op*>(object), done.result, now);
    else
      on_other(what, object, done);
  });
  if (!cut_.empty()) deliver_fronts();
}

inline void uring_engine::on_source(channel& c, completion done, time_point now) {
  if (!done.more()) return on_source_over(c, done);
  if (c.kind != posix::socket_kind::stream) return on_arrival(c, done);
  if (done.result <= 0) [[unlikely]]
    return on_bytes(c, done);
  if (!done.keeps_buffer() || c.cut) [[unlikely]]
    return on_bytes(c, done);
  op* const o = c.receiver;
  const auto size = static_cast<std::uint32_t>(done.result);
  if (o == nullptr || o->engine_state != state_waiting) return on_bytes(c, done);
  if (o->what != verb::recv || size > o->size) return on_bytes(c, done);
  c.last_used = now;
  hand_over(*o, stream_buffers_->take_some(done.buffer(), size));
}

inline void uring_engine::on_operation(op& o, int outcome, time_point now) {
  channel& c = channel_of(o);
  if (o.what != verb::send || c.closing) return on_other_operation(o, outcome);
  --c.in_kernel;
  on_sent(o, c, outcome, now);
}

inline void uring_engine::on_sent(op& o, channel& c, int outcome, time_point now) {
  const bool simply = c.sender == &o && o.piece_count == 1;
  if (!simply || o.pieces->size != static_cast<std::size_t>(outcome))
    return on_other_sent(o, c, outcome);
  c.sender = nullptr;
  o.count += outcome;
  c.last_used = now;
  finish(o);
}

}  // namespace bight::uring
