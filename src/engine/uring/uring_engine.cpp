// SPDX-License-Identifier: MIT
#include "engine/uring/uring_engine.hpp"

#include "base/check.hpp"
#include "engine/uring/states.hpp"

#include <bight/machinery/scheduler.hpp>

#include <cerrno>
#include <cstring>
#include <new>

namespace bight::uring {

// To be filled in by one of liburing's prep functions, which do not change the user data.
io_uring_sqe* uring_engine::request(about what, void* object) noexcept {
  io_uring_sqe* r = ring_->next();
  r->user_data = tagged(what, object);
  return r;
}

void uring_engine::cancel_request(about what, const void* object, socket* of) noexcept {
  io_uring_sqe* r = request(of != nullptr ? about::cancelling : about::nothing, of);
  io_uring_prep_cancel64(r, tagged(what, object), 0);
  r->flags |= IOSQE_CQE_SKIP_SUCCESS;
}

// A cancellation does not find a request that has been woken but not tried again yet, and that
// request would then continue forever. So everything that must end is cancelled again.
void uring_engine::on_cancel_failed(socket& s, int outcome) noexcept {
  if (outcome != -ENOENT) return;  // EALREADY: it is being cancelled
  for (op* o : {s.receiver, s.sender})
    if (o != nullptr && o->engine_state == state_cancelling)
      cancel_request(about::operation, o, &s);
  if (s.state == source::stopping) cancel_request(about::source, &s, &s);
}

// ── Operations ──────────────────────────────────────────────────────────────────────────────────

bool uring_engine::submit_other(op& o, socket& s) {
  switch (o.what) {
    case verb::accept: return submit_accept(o, s);
    case verb::connect: return submit_connect(o, s);
    case verb::write: return submit_other_send(o, s);
    case verb::read: return submit_read(o, s);
    default:
      if (o.many) posix::join_arrivals(s);
      return submit_receive(o, s);
  }
}

void uring_engine::fail(op& o, int outcome) noexcept {
  // A cancelled request that had moved to a kernel thread reports an interruption instead.
  const bool interrupted = o.engine_state == state_cancelling && outcome == -EINTR;
  finish(o, posix::system_error_code(interrupted ? ECANCELED : -outcome));
}

void uring_engine::cancel(op& o) noexcept {
  check_process();
  if (o.what == verb::resolve || o.what == verb::signal || o.what == verb::work)
    return cancel_other(o);
  switch (o.engine_state) {
    case state_waiting: {  // the kernel has no request for it
      socket& s = socket_of(o);
      s.receiver = nullptr;
      if (!s.reads_ahead()) stop_source(s);
      return finish(o, errc::cancelled);
    }
    case state_in_kernel:
      o.engine_state = state_cancelling;
      return cancel_request(about::operation, &o, &socket_of(o));
    case state_polling:
      o.engine_state = state_cancelling;
      return cancel_request(about::polling, &o, &socket_of(o));
    default: return;  // complete, or already being cancelled
  }
}

// ── The turn ────────────────────────────────────────────────────────────────────────────────────

void uring_engine::wait(time_point until) {
  begin_turn();
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

// The same outside of a turn.
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
    case about::cancelling: return on_cancel_failed(*static_cast<socket*>(object), done.result);
    default: return;
  }
}

void uring_engine::on_other_operation(op& o, int outcome) {
  socket& s = socket_of(o);
  if (o.what == verb::read || o.what == verb::write) --in_kernel_;
  switch (o.what) {
    case verb::recv_into: on_received_into(o, s, outcome); break;
    case verb::send: on_other_sent(o, s, outcome); break;
    case verb::connect: on_connected(o, s, outcome); break;
    case verb::recv: on_received_apart(o, s, outcome); break;
    case verb::read: return on_read(o, outcome);
    case verb::write: return on_written(o, s, outcome);
    default: check(false, "a completion of an operation that is never with the kernel");
  }
  --s.in_kernel;
  if (s.closing) settle_closing(s);
}

void uring_engine::on_source_over(socket& s, completion done) {
  s.state = source::idle;
  --s.in_kernel;
  on_arrival(s, done);
  // A multishot that has ended is armed again only for a waiting operation.
  if (s.state == source::idle && s.has_waiting_receiver() && !s.closing && !s.starved) arm(s);
  if (s.closing) settle_closing(s);
}

void uring_engine::stop_source(socket& s) noexcept {
  if (s.state != source::armed) return;
  s.state = source::stopping;
  cancel_request(about::source, &s, &s);
}

}  // namespace bight::uring
