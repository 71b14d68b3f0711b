// SPDX-License-Identifier: MIT
#include <bight/machinery/waiting_line.hpp>

#include "base/check.hpp"
#include "base/names.hpp"

namespace bight {

place_in_line& waiting_line::first() const noexcept {
  return *static_cast<const place_in_line::queue_link&>(*waiting_.next).owner;
}

void waiting_line::check_thread() const noexcept {
  if (waiting_.next != &waiting_) first().context_->sched().check_thread(misuse_);
}

void waiting_line::add(std::size_t units) noexcept {
  check_thread();
  free_ += units;
  promise_free();
}

// Stops at the first task that wants more than there is, so that a large request is not starved by
// small ones.
void waiting_line::promise_free() noexcept {
  while (waiting_.next != &waiting_ && first().units_ <= free_) {
    free_ -= first().units_;
    ++promised_;
    first().resume_later(place_in_line::outcome::promised);
  }
}

void waiting_line::dismiss() noexcept {
  check_thread();
  while (waiting_.next != &waiting_) first().resume_later(place_in_line::outcome::dismissed);
}

bool place_in_line::start(std::coroutine_handle<> h, context& c) {
  // Even if units are free: a race whose winner is known must not take any.
  if (c.stop_requested()) {
    outcome_ = outcome::cancelled;
    return false;
  }
  const bool at_once = !line_->is_waited_for() && line_->free_ >= units_;
  if (at_once && c.sched().may_go_on()) {
    line_->take(units_);
    outcome_ = outcome::taken;
    return false;
  }
  if (line_->waiting_.next != &line_->waiting_)
    check(&line_->first().context_->sched() == &c.sched(), line_->misuse_);
  waiter_ = h;
  context_ = &c;
  run = [](runnable& r) { static_cast<place_in_line&>(r).waiter_.resume(); };
  on_stop = &place_in_line::stop;
  c.link(*this);
  link_.owner = this;
  link_.link_last(line_->waiting_);
  line_->promise_free();
  return true;
}

// The hook stays linked: until the task runs, a stop can still revoke the promise.
void place_in_line::resume_later(outcome o) noexcept {
  link_.unlink();
  outcome_ = o;
  context_->sched().ready(*this);
}

void place_in_line::stop(stop_hook& hook) {
  auto& self = static_cast<place_in_line&>(hook);
  switch (self.outcome_) {
    case outcome::waiting: self.resume_later(outcome::cancelled); break;
    case outcome::promised:
      --self.line_->promised_;
      self.line_->free_ += self.units_;
      self.outcome_ = outcome::cancelled;
      break;
    default: return;
  }
  self.line_->promise_free();  // the next in line, which may have waited behind this one only
}

place_in_line::outcome place_in_line::settle() noexcept {
  if (outcome_ == outcome::promised) {
    --line_->promised_;
    outcome_ = outcome::taken;
  }
  unlink();
  return outcome_;
}

}  // namespace bight
