// SPDX-License-Identifier: MIT
#include <bight/deadline.hpp>

#include "base/names.hpp"
#include "base/text.hpp"

namespace bight {

deadline::deadline(context& parent, duration wait) : context_(parent) {
  timer_.owner = this;
  timer_.expired = &deadline::on_expired;
  scheduler& s = context_.sched();
  if (wait <= duration::zero()) looks_left_ = looks_max;
  s.arm(timer_, wait > duration::zero() ? later(s.now(), wait) : s.now());
}

void deadline::on_expired(timer& t) {
  deadline& self = *static_cast<owned_timer&>(t).owner;
  if (self.looks_left_ > 0) {
    --self.looks_left_;
    return self.context_.sched().arm_for_next_turn(t);
  }
  if (self.context_.stop_requested()) return;  // already stopped by an enclosing context
  self.expired_ = true;
  self.context_.stop();
}

error deadline::explain(const error& e, duration wait) const {
  // "recv 10.0.0.1:80: cancelled" becomes "recv 10.0.0.1:80: timed out after 5 s".
  return error(errc::timed_out, e.tried(), e.transferred(),
               "timed out after " + duration_text(wait));
}

bool sleep_operation::start(std::coroutine_handle<> h, context& c) {
  context_ = &c;
  waiter_ = h;
  run = [](runnable& r) { static_cast<sleep_operation&>(r).waiter_.resume(); };
  scheduler& s = c.sched();
  if (c.stop_requested()) {
    cancelled_ = true;
    return false;
  }
  if (wait_ <= duration::zero()) {
    s.ready(*this);
    return true;
  }
  timer_.owner = this;
  timer_.expired = [](timer& t) {
    sleep_operation& self = *static_cast<owned_timer&>(t).owner;
    self.unlink();
    self.context_->sched().ready(self);
  };
  s.arm(timer_, later(s.now(), wait_));
  on_stop = [](stop_hook& hook) {
    auto& self = static_cast<sleep_operation&>(hook);
    self.cancelled_ = true;
    self.context_->sched().disarm(self.timer_);
    self.context_->sched().ready(self);
  };
  c.link(*this);
  return true;
}

result<void> sleep_operation::take() {
  if (cancelled_) return error(errc::cancelled, "sleep");
  return {};
}

bool yield_operation::start(std::coroutine_handle<> h, context& c) noexcept {
  cancelled_ = c.stop_requested();
  if (cancelled_) return false;
  waiter_ = h;
  run = [](runnable& r) { static_cast<yield_operation&>(r).waiter_.resume(); };
  c.sched().ready(*this);
  return true;
}

result<void> yield_operation::take() {
  if (cancelled_) return error(errc::cancelled, "yield");
  return {};
}

}  // namespace bight
