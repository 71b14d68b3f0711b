// SPDX-License-Identifier: MIT
#include <bight/machinery/op.hpp>

#include "base/check.hpp"
#include "engine/engine.hpp"

namespace bight {

op::op(op&& other) noexcept
    : runnable(set_later()),
      stop_hook(set_later()),
      what(other.what),
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

void op::refuse_pieces() noexcept {
  check_failed("a send of 4294967296 pieces or more", __FILE__, __LINE__);
}

// Ends in a tail call to the carrier: one return less, after what may have been a system call.
bool op::submit(std::coroutine_handle<> h, context& c) {
  if (eng == nullptr) [[unlikely]]
    eng = c.sched().io();
  check(&eng->sched() == &c.sched(), "a socket was used on a loop other than its own");
  if (c.stop_requested()) {
    code = errc::cancelled;
    return true;
  }
  waiter_ = h;
  run = takes() ? resume_taker : resume;
  c.link_later(*this);
  return eng->submit(*this);
}

void op::resume(runnable& r) {
  const op& self = static_cast<const op&>(r);
  self.unlink_for_good();
  self.waiter_.resume();
}

void op::resume_taker(runnable& r) {
  op& self = static_cast<op&>(r);
  self.leave_place();
  resume(r);
}

void op::stop(stop_hook& hook) {
  op& self = static_cast<op&>(hook);
  if (!self.code) self.code = outcome_code::stopped();
  self.eng->cancel(self);
}

void op::settle_stopped() noexcept {
  if (code != outcome_code::stopped()) return;
  code = {};
  const bool takes =
      what == verb::accept || what == verb::recv || what == verb::recv_into || what == verb::read;
  if (!takes) return;
  eng->requeue(*this);
  if (what == verb::recv || what == verb::read) got->reset();
  count = 0;
  code = errc::cancelled;
}

error op::failure() const {
  static constexpr const char* verbs[] = {"accept", "recv",  "recv",    "recv",   "read", "connect",
                                          "send",   "write", "resolve", "signal", "run"};
  std::string tried = verbs[static_cast<std::size_t>(what)];
  const bool names_peer = peer != nullptr && peer->kind() != address_kind::none;
  if (names_peer) {
    tried += " " + peer->str();
  } else if (on && eng->attended(on) == attention::none) {  // otherwise on_error names the peer
    auto of = what == verb::accept ? eng->local(on) : eng->remote(on);
    if (of) tried += " " + of->str();
  }
  const std::int64_t told = count;
  std::error_code why_code = code;
  std::string why;
  if (names_peer) why = eng->cause(what, why_code, *peer);
  if (what == verb::send && why_code == std::errc::destination_address_required)
    why = "the UDP socket is not connected (use send_to, or udp::connect)";
  if (!why.empty()) return error(why_code, tried, static_cast<std::uint64_t>(told), why);
  return eng->explain(code, tried, static_cast<std::uint64_t>(told));
}

void op::settle_or_throw() {
  if (failed()) throw failure();
}

result<lease> recv_operation::take() {
  if (failed()) return failure();
  return std::move(received_);
}

result<std::size_t> recv_into_operation::take() {
  if (failed()) return failure();
  return static_cast<std::size_t>(count);
}

result<void> send_pieces_operation::take() {
  if (failed()) return failure();
  return {};
}

}  // namespace bight
