// SPDX-License-Identifier: MIT
#include "engine/uring/uring_engine.hpp"

#include "base/check.hpp"
#include "engine/uring/states.hpp"

#include <bight/machinery/scheduler.hpp>

#include <cerrno>
#include <cstring>
#include <new>

namespace bight::uring {

// To be filled in by one of liburing's prep functions, which leave its user data alone.
io_uring_sqe* uring_engine::request(about what, void* object) noexcept {
  io_uring_sqe* r = ring_->next();
  r->user_data = tagged(what, object);
  return r;
}

void uring_engine::cancel_request(about what, const void* object, channel* of) noexcept {
  io_uring_sqe* r = request(of != nullptr ? about::cancelling : about::nothing, of);
  io_uring_prep_cancel64(r, tagged(what, object), 0);
  r->flags |= IOSQE_CQE_SKIP_SUCCESS;
}

// A cancellation does not find a request that is just between two attempts, woken and not tried
// yet, and the request would go on for good. Whatever still has to end is cancelled again.
void uring_engine::on_cancel_failed(channel& c, int outcome) noexcept {
  if (outcome != -ENOENT) return;  // EALREADY: the kernel is at it
  for (op* o : {c.receiver, c.sender})
    if (o != nullptr && o->engine_state == state_cancelling)
      cancel_request(about::operation, o, &c);
  if (c.state == source::stopping) cancel_request(about::source, &c, &c);
}

// ── Operations ──────────────────────────────────────────────────────────────────────────────────

bool uring_engine::submit_other(op& o, channel& c) {
  switch (o.what) {
    case verb::accept: return submit_accept(o, c);
    case verb::connect: return submit_connect(o, c);
    case verb::write: return submit_other_send(o, c);
    case verb::read: return submit_read(o, c);
    default:
      if (o.many) posix::join_arrivals(c);
      return submit_receive(o, c);
  }
}

void uring_engine::finish(op& o, std::error_code code) noexcept {
  // What the kernel had given to a thread of its own is interrupted rather than cancelled.
  const bool interrupted = o.engine_state == state_cancelling && code == std::errc::interrupted;
  o.code = interrupted ? make_error_code(errc::cancelled) : code;
  finish(o);
}

// `o` has its outcome already. Within the turn's budget its coroutine goes on at once; beyond it,
// it waits for its turn like everybody else.
bool uring_engine::at_once(op& o, channel& c) noexcept {
  if (at_once_ > 0) {
    --at_once_;
    return true;
  }
  if (o.takes()) {
    c.receiver = &o;
    o.begin_waiting(c.receiver);
  } else {
    o.begin_waiting();
  }
  complete(o);
  return false;
}

void uring_engine::cancel(op& o) noexcept {
  check_process();
  if (o.what == verb::resolve || o.what == verb::signal || o.what == verb::work)
    return cancel_other(o);
  switch (o.engine_state) {
    case state_waiting: {  // nothing of it is with the kernel
      channel& c = channel_of(o);
      c.receiver = nullptr;
      if (!c.reads_ahead()) stop_source(c);
      return finish(o, make_error_code(errc::cancelled));
    }
    case state_in_kernel:
      o.engine_state = state_cancelling;
      return cancel_request(about::operation, &o, &channel_of(o));
    case state_polling:
      o.engine_state = state_cancelling;
      return cancel_request(about::polling, &o, &channel_of(o));
    default: return;  // complete, or asked before
  }
}

void uring_engine::requeue(op& o) noexcept {
  if (o.what == verb::accept) return requeue_accepted(o);
  channel* const c = find(o.on);
  if (c == nullptr) return;
  try {
    if (!o.ends_stream) c->keep().requeue(o);  // the end of a stream is remembered by itself
  } catch (const std::bad_alloc&) {
    if (!c->takes_datagrams()) break_off(*c);
    return;
  }
  // Somebody may have begun to wait between the completion and now.
  if (c->has_waiting_receiver() && give_kept(*c->receiver, *c)) finish(*c->receiver);
}

void uring_engine::requeue_accepted(op& o) noexcept {
  const handle from = posix::unpack_handle(o.extra);
  channel* const c = find(from);
  if (c == nullptr) return close(o.on, ending::reset);
  try {
    std::vector<int>& waiting = c->keep().accepted;
    waiting.insert(waiting.begin(), static_cast<int>(o.on.index));
  } catch (const std::bad_alloc&) {
    return close(o.on, ending::reset);
  }
  if (channel* const child = find(o.on)) child->leave();
  o.on = from;
  if (!c->has_waiting_receiver()) return;
  claim(*c->receiver, c->arrived->take_accepted());
  finish(*c->receiver);
}

// ── The turn ────────────────────────────────────────────────────────────────────────────────────

void uring_engine::wait(time_point until) {
  at_once_ = at_once_max;
  duration limit = limit_of_wait(until);
  if (!untaken_.empty()) copy_untaken();
  if (!starved_.empty()) feed_starved();
  if (!starved_.empty()) limit = 0ns;
  // 1. Submit, 2. wait.
  enter_kernel(limit);
  sched().advance(now());
  // 3. Collect.
  collect_all(sched().now());
}

// The same without a turn of the loop, at its time.
void uring_engine::submit_and_collect(duration limit, time_point at) {
  enter_kernel(limit);
  collect_all(at);
}

void uring_engine::enter_kernel(duration limit) {
  const int outcome = ring_->enter(limit);
  if (outcome >= 0 || outcome == -EINTR || outcome == -EAGAIN || outcome == -EBUSY) return;
  check(outcome != -EEXIST, "io_uring_enter: the loop is used on another thread");
  give_up("the event loop cannot go on: io_uring_enter: ", std::strerror(-outcome));
}

void uring_engine::on_other(about what, void* object, completion done) {
  switch (what) {
    case about::watching:
      --in_kernel_;
      return on_watched(*static_cast<watch_record*>(object), done.result);
    case about::polling: --in_kernel_; return on_polled(*static_cast<op*>(object));
    case about::cancelling: return on_cancel_failed(*static_cast<channel*>(object), done.result);
    default: return;
  }
}

void uring_engine::on_other_operation(op& o, int outcome) {
  channel& c = channel_of(o);
  if (o.what == verb::read || o.what == verb::write) --in_kernel_;
  switch (o.what) {
    case verb::recv_into: on_received_into(o, c, outcome); break;
    case verb::send: on_other_sent(o, c, outcome); break;
    case verb::connect: on_connected(o, c, outcome); break;
    case verb::recv: on_received_apart(o, c, outcome); break;
    case verb::read: return on_read(o, outcome);
    case verb::write: return on_written(o, c, outcome);
    default: check(false, "a completion of an operation that is never with the kernel");
  }
  --c.in_kernel;
  if (c.closing) settle_closing(c);
}

void uring_engine::on_source_over(channel& c, completion done) {
  c.state = source::idle;
  --c.in_kernel;
  on_arrival(c, done);
  // A multishot that has ended is armed again only for somebody who waits.
  if (c.state == source::idle && c.has_waiting_receiver() && !c.closing && !c.starved) arm(c);
  if (c.closing) settle_closing(c);
}

void uring_engine::stop_source(channel& c) noexcept {
  if (c.state != source::armed) return;
  c.state = source::stopping;
  cancel_request(about::source, &c, &c);
}

}  // namespace bight::uring
