// SPDX-License-Identifier: MIT
#include "net/stacked.hpp"

#include <cstring>
#include <new>

namespace bight {

stacked::stacked(stream below, loop& l) noexcept
    : carrier(l),
      loop_(l),
      below_(std::move(below)),
      under_(*below_.carried_by()),
      handle_(below_.id()) {}

bool stacked::submit(op& o) {
  if (closing_ || o.on != handle_) {
    o.code = errc::closed;
    return true;
  }
  const bool receives = o.what == verb::recv || o.what == verb::recv_into;
  if (!receives && o.what != verb::send && o.what != verb::connect) {
    o.code = errc::not_supported;
    return true;
  }
  op*& slot = receives ? receiver_ : o.what == verb::send ? sender_ : connector_;
  if (slot != nullptr || (receives && received_ != nullptr)) {
    o.code = errc::busy;
    return true;
  }
  slot = &o;
  submitting_ = &o;
  pump();
  submitting_ = nullptr;
  const bool complete = slot != &o;
  if (complete && sched().may_go_on()) {
    hand_over(false);
    return true;
  }
  receives ? o.begin_waiting(received_) : o.begin_waiting();
  if (complete) {  // other tasks go first
    if (receives) received_ = &o;
    done_.push(o);
  }
  hand_over(false);
  return false;
}

void stacked::cancel(op& o) noexcept {
  op** slot = &o == receiver_ ? &receiver_ : &o == sender_ ? &sender_ : &connector_;
  if (*slot == &o) cancel_in(*slot);  // otherwise it is already complete
}

void stacked::cancel_in(op*& slot) noexcept {
  op& o = *std::exchange(slot, nullptr);
  o.code = errc::cancelled;
  sched().ready(o);
}

void stacked::requeue(op& o) noexcept {
  if (closing_ || o.ends_stream || o.count == 0) return;  // the end will be found again
  try {
    if (o.what == verb::recv)
      requeued_.push_back(std::move(*o.got));
    else if (o.what == verb::recv_into)
      requeued_.push_back(lease::copy_of(
          {reinterpret_cast<const char*>(o.buffer), static_cast<std::size_t>(o.count)}));
  } catch (const std::bad_alloc&) {
    run_out_of_memory();
  }
  pump();  // a new receive may be waiting
  hand_over(false);
}

void stacked::give(op& o, lease bytes) noexcept {
  o.count = static_cast<std::int64_t>(bytes.size());
  if (o.what == verb::recv)
    *o.got = std::move(bytes);
  else
    std::memcpy(o.buffer, bytes.data(), bytes.size());
}

bool stacked::give_requeued() noexcept {
  if (requeued_.empty()) return false;
  lease& first = requeued_.back();
  give(*receiver_, first.take_front(receiver_->size));
  if (first.empty()) requeued_.pop_back();
  finish(receiver_);
  return true;
}

void stacked::finish(op*& slot, std::error_code code) noexcept {
  op& o = *std::exchange(slot, nullptr);
  o.code = code;
  if (&o == submitting_) return;
  if (o.takes()) received_ = &o;
  done_.push(o);
}

void stacked::drop(op*& slot) noexcept {
  if (slot != nullptr) finish(slot, make_error_code(errc::cancelled));
}

void stacked::hand_over(bool from_loop) {
  while (runnable* r = done_.pop()) {
    if (from_loop && done_.empty()) return r->run(*r);
    sched().ready(*r);
  }
}

}  // namespace bight
