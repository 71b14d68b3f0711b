// SPDX-License-Identifier: MIT
#include "loop/loop.hpp"

#include "base/check.hpp"

#include <algorithm>
#include <new>

namespace bight {

loop::loop(std::unique_ptr<engine> e, duration busy_poll)
    : engine_(std::move(e)), busy_poll_(busy_poll) {
  engine_->attach(*this);
  set_io(*engine_);
  lingering_.make_head();
  hurry_.of = this;
  hurry_.expired = [](timer& t) { static_cast<hurry&>(t).of->linger_no_more(); };
  starter_.of = this;
  starter_.run = [](runnable& r) { static_cast<starter&>(r).of->start_posted(); };
  expire(engine_->now());
}

loop::~loop() {
  if (mail_) mail_->close();
  disarm(hurry_);
  linger_no_more();
  try {
    while (lingers()) turn_or_end();
  } catch (const std::exception&) {}  // nothing is left that lingers
  disarm(hurry_);
  check(engine_->open_handles() == 0,
        "a socket outlives its loop: close or destroy it before the runner");
}

void loop::linger_no_more() noexcept {
  for (ring_link* h = lingering_.next; h != &lingering_;) {
    auto& hook = static_cast<stop_hook&>(*std::exchange(h, h->next));
    hook.on_stop(hook);
  }
}

void loop::turn() {
  // 1. Submit, 2. wait, 3. collect: done by the engine. It advances the time between 2 and 3, so
  // that collected operations and resumed tasks see how long the wait took. If tasks are ready, it
  // polls without waiting.
  if (busy_poll_ > 0ns) look_for_work();
  const bool only_looks =
      has_ready() || (mail_ && mail_->is_filled()) || stop_asked_.load(std::memory_order_relaxed);
  engine_->wait(only_looks ? time_point::min() : next_deadline());
  if (mail_) take_mail();
  // 4. Timers: expired ones become ready.
  expire(now());
  // 5. Resume tasks. Within a turn, user code runs only here.
  run_ready();
  if (main_ && main_->size() == 0 && lingers() && !hurry_.armed())
    arm(hurry_, later(now(), linger_at_end));
}

// Polls until work arrives, or until `busy_poll` or the next deadline passes. A poll consumes
// wake-ups, including that of stop_from_outside(), so the flag is checked too.
void loop::look_for_work() {
  const time_point give_up = std::min(later(now(), busy_poll_), next_deadline());
  while (!has_ready() && now() < give_up && !stop_asked_.load(std::memory_order_relaxed))
    engine_->wait(time_point::min());
}

const mailbox_ref& loop::mail() {
  if (!mail_) mail_ = mailbox_ref(new mailbox(*engine_));
  return mail_;
}

void loop::take_mail() noexcept {
  mail_->empty(*this, posted_);
  if (!posted_.empty()) ready(starter_);
}

void loop::start_posted() noexcept {
  for (task<>& work : std::exchange(posted_, {})) main_->spawn(std::move(work), no_handle());
}

void loop::begin(task<> main) {
  expire(engine_->now());
  disarm(hurry_);
  mail_ = mailbox_ref();
  main_.reset();
  root_.emplace(*this);
  main_.emplace(*root_);
  main_->spawn(std::move(main));
}

void loop::finish() {
  disarm(hurry_);
  auto outcome = main_->join();
  outcome.get();
}

void loop::run(task<> main) {
  check(!driven(), "run() inside a task of the same loop: await that task instead");
  const driver here(*this);
  begin(std::move(main));
  while (!ended()) {
    const bool may_wake = has_ready() || engine_->busy() || next_deadline() != time_point::max();
    if (!may_wake && !(mail_ && mail_->may_fill()))
      check(false, "deadlock: every task waits for another one");
    turn_or_end();
    if (stop_asked_.load(std::memory_order_relaxed) &&
        stop_asked_.exchange(false, std::memory_order_acquire))
      stop();
  }
  finish();
}

// An operation's failure belongs to that operation. An exception from a turn is the loop's own:
// tasks may be waiting for completions that will never come, and suspended tasks cannot be unwound.
void loop::turn_or_end() {
  try {
    turn();
  } catch (const std::bad_alloc&) {
    if (ended()) throw;
    give_up("out of memory: the event loop cannot go on");
  } catch (const std::exception& e) {
    if (ended()) throw;
    give_up("the event loop cannot go on: ", e.what());
  }
}

void loop::stop_from_outside() noexcept {
  stop_asked_.store(true, std::memory_order_release);
  engine_->wake();
}

}  // namespace bight
