// SPDX-License-Identifier: MIT
#include <bight/event.hpp>

#include "base/names.hpp"

namespace bight {

void event::set() noexcept {
  if (waiting_.next != &waiting_)
    static_cast<const wait_operation::queue_link&>(*waiting_.next)
        .owner->context_->sched()
        .check_thread("event::set() on a thread other than its loop's");
  set_ = true;
  while (waiting_.next != &waiting_) {
    auto& link = static_cast<wait_operation::queue_link&>(*waiting_.next);
    link.unlink();
    link.owner->unlink();
    link.owner->wake();
  }
}

bool event::wait_operation::start(std::coroutine_handle<> h, context& c) {
  if (event_->set_ && c.sched().may_go_on()) return false;
  if (c.stop_requested() && !event_->set_) {
    cancelled_ = true;
    return false;
  }
  waiter_ = h;
  context_ = &c;
  run = [](runnable& r) { static_cast<wait_operation&>(r).waiter_.resume(); };
  if (event_->set_) {
    wake();
    return true;
  }
  on_stop = [](stop_hook& hook) {
    auto& self = static_cast<wait_operation&>(hook);
    self.cancelled_ = true;
    self.place_.unlink();
    self.wake();
  };
  c.link(*this);
  place_.owner = this;
  place_.link_last(event_->waiting_);
  return true;
}

void event::wait_operation::wake() noexcept { context_->sched().ready(*this); }

result<void> event::wait_operation::take() {
  if (cancelled_) return error(errc::cancelled, "wait for an event");
  return {};
}

}  // namespace bight
