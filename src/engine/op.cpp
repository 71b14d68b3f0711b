// SPDX-License-Identifier: MIT
#include <bight/op.hpp>

#include "base/check.hpp"
#include "base/plant.hpp"
#include "engine/loop.hpp"

namespace bight {

op::op(op&& other) noexcept
    : what(other.what),
      many(other.many),
      family(other.family),
      piece_count(other.piece_count),
      segment(other.segment),
      size(other.size),
      eng(other.eng),
      on(other.on),
      extra(other.extra),
      peer(other.peer) {
  check(!other.waiter_, "an operation was moved after it had started");
}

bool op::start(std::coroutine_handle<> h, context& c) {
  if (eng == nullptr) eng = &loop::of(c).eng();
  check(&eng->sched() == &c.sched(), "a socket was used on another loop than its own");
  waiter_ = h;
  if (c.stop_requested() && !planted(bug::operation_ignores_stop)) {
    code = errc::cancelled;
    return false;
  }
  run = [](runnable& r) {
    op& self = static_cast<op&>(r);
    if (!planted(bug::operation_keeps_hook)) self.unlink();
    self.waiter_.resume();
  };
  if (eng->submit(*this)) return false;
  on_stop = [](stop_hook& hook) {
    op& self = static_cast<op&>(hook);
    self.stopped_ = true;
    self.eng->cancel(self);
  };
  c.link(*this);
  return true;
}

void op::give_back() noexcept {
  const bool takes =
      what == verb::accept || what == verb::recv || what == verb::recv_into || what == verb::read;
  if (!takes || code) return;
  if (!planted(bug::deadline_loses_bytes)) eng->requeue(*this);
  if (what == verb::recv || what == verb::read) got->reset();
  count = 0;
  code = errc::cancelled;
}

error op::failure() const {
  static constexpr const char* verbs[] = {"accept", "connect", "recv",    "recv",   "recv", "send",
                                          "read",   "write",   "resolve", "signal", "run"};
  std::string tried = verbs[static_cast<std::size_t>(what)];
  const bool names_peer = peer != nullptr && peer->what() != address::kind::none;
  if (names_peer) {
    tried += " " + peer->str();
  } else if (on) {
    auto of = what == verb::accept ? eng->local(on) : eng->remote(on);
    if (of) tried += " " + of->str();
  }
  const std::int64_t told = planted(bug::failure_counts_nothing) ? 0 : count;
  return eng->explain(code, tried, static_cast<std::uint64_t>(told));
}

void op::raise() const { throw failure(); }

result<lease> recv_operation::take() {
  settle();
  if (code) return failure();
  return std::move(received_);
}

result<std::size_t> recv_into_operation::take() {
  settle();
  if (code) return failure();
  return static_cast<std::size_t>(count);
}

result<void> send_pieces_operation::take() {
  settle();
  if (code) return failure();
  return {};
}

}  // namespace bight
