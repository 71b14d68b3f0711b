// SPDX-License-Identifier: MIT
#include <bight/interval.hpp>

#include "base/check.hpp"
#include "base/names.hpp"

namespace bight {

interval::interval(duration period) noexcept : period_(period) {
  check(period > duration::zero(), "the period of an interval is more than zero");
}

interval::~interval() { check(!waited_for_, "an interval is destroyed while a task waits for it"); }

bool interval::tick_operation::start(std::coroutine_handle<> h, context& c) {
  check(!of_->waited_for_, "two tasks wait for one interval");
  scheduler& s = c.sched();
  context_ = &c;
  if (c.stop_requested()) {
    phase_ = phase::cancelled;
    return false;
  }
  if (!of_->started_) of_->last_ = s.now();
  of_->started_ = true;
  const time_point at = later(of_->last_, of_->period_);
  const bool due = at <= s.now();
  if (due && s.may_go_on()) return false;
  waiter_ = h;
  run = [](runnable& r) { static_cast<tick_operation&>(r).waiter_.resume(); };
  timer_.owner = this;
  timer_.expired = [](timer& t) { static_cast<owned_timer&>(t).owner->resume_later(phase::ready); };
  // The hook stays linked until the task runs: a race that has ended must not use up a tick.
  on_stop = [](stop_hook& hook) {
    auto& self = static_cast<tick_operation&>(hook);
    if (self.phase_ == phase::waiting) self.resume_later(phase::cancelled);
    self.phase_ = phase::cancelled;
  };
  if (!due) s.arm(timer_, at);  // may throw; nothing is linked then
  of_->waited_for_ = true;
  c.link(*this);
  phase_ = phase::waiting;
  if (due) resume_later(phase::ready);
  return true;
}

void interval::tick_operation::resume_later(phase p) noexcept {
  phase_ = p;
  scheduler& s = context_->sched();
  s.disarm(timer_);
  s.ready(*this);
}

result<std::uint64_t> interval::tick_operation::take() {
  unlink();
  of_->waited_for_ = false;
  if (phase_ == phase::cancelled) return error(errc::cancelled, "tick");
  const auto periods = (context_->now() - of_->last_) / of_->period_;
  of_->last_ += periods * of_->period_;
  return static_cast<std::uint64_t>(periods);
}

}  // namespace bight
