// SPDX-License-Identifier: MIT
#include "loop/mailbox.hpp"

#include "engine/engine.hpp"
#include "loop/loop.hpp"

namespace bight {

bool mailbox::post(task<> work) {
  const std::lock_guard guard(lock_);
  if (refuses_) return false;
  tasks_.push_back(std::move(work));
  wake_unless(filled_.exchange(true, std::memory_order_relaxed));
  return true;
}

void mailbox::resume(runnable& waiter) noexcept {
  const std::lock_guard guard(lock_);
  waiters_.push(waiter);
  wake_unless(filled_.exchange(true, std::memory_order_relaxed));
}

bool mailbox::hold() noexcept {
  const std::lock_guard guard(lock_);
  if (refuses_) return false;
  ++holds_;
  return true;
}

void mailbox::let_go() noexcept {
  const std::lock_guard guard(lock_);
  if (--holds_ == 0) wake_unless(false);  // perhaps it was all that kept the loop
}

void mailbox::wake_unless(bool awake) noexcept {
  if (!awake && loop_ != nullptr) loop_->wake();
}

void mailbox::empty(scheduler& to, std::vector<task<>>& work) noexcept {
  // A thread that fills it after this load also wakes the loop, which then looks again.
  if (!is_filled()) return;
  const std::lock_guard guard(lock_);
  filled_.store(false, std::memory_order_relaxed);
  while (runnable* waiter = waiters_.pop()) to.ready(*waiter);
  work.swap(tasks_);
}

bool mailbox::close_unless_held() noexcept {
  const std::lock_guard guard(lock_);
  refuses_ = holds_ == 0;
  if (!refuses_ || !tasks_.empty() || !waiters_.empty()) return false;
  loop_ = nullptr;
  return true;
}

void mailbox::close() noexcept {
  const std::lock_guard guard(lock_);
  refuses_ = true;
  loop_ = nullptr;
}

mailbox_ref::mailbox_ref(const mailbox_ref& other) noexcept : to_(other.to_) {
  if (to_ != nullptr) to_->retain();
}

mailbox_ref::~mailbox_ref() {
  if (to_ != nullptr) to_->release();
}

bool machinery::post_task(const mailbox_ref& to, task<> work) {
  return to && to->post(std::move(work));
}

bool machinery::begin_hold(const mailbox_ref& to) noexcept { return to && to->hold(); }

void machinery::end_hold(const mailbox_ref& to) noexcept { to->let_go(); }

mailbox_ref machinery::mailbox_of(context& c) { return loop::of(c).mail(); }

}  // namespace bight
