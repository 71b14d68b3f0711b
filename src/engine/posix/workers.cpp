// SPDX-License-Identifier: MIT
#include "engine/posix/workers.hpp"

#include "engine/work.hpp"

#include <algorithm>
#include <new>
#include <thread>

namespace bight::posix {

struct worker_desk::worker {
  worker(worker_desk& desk, op& o) : home(desk), waiter(o) {}

  void run() noexcept;
  void run_loop();
  void stop() noexcept;

  worker_desk& home;
  op& waiter;
  std::thread thread;
  bool ended = false;  // under home.lock_

  std::mutex lock;  // protects the members below
  other_loop* running = nullptr;
  bool stopped = false;  // it was stopped before it had ended
  bool over = false;
};

void worker_desk::worker::run() noexcept {
  auto& order = *static_cast<work_order*>(waiter.extra);
  try {
    run_loop();
  } catch (...) {
    order.failure = std::current_exception();
  }
  home.ended(*this);
}

void worker_desk::worker::run_loop() {
  auto& order = *static_cast<work_order*>(waiter.extra);
  const std::unique_ptr<other_loop> mine = order.make_loop(home.kernel_.another());
  {
    const std::lock_guard guard(lock);
    if (stopped) return;
    running = mine.get();  // from here on stop() can stop the loop
  }
  // The loop must not be destroyed while stop() is about to call it.
  struct hide {
    worker& self;
    ~hide() {
      const std::lock_guard guard(self.lock);
      self.running = nullptr;
      self.over = true;
    }
  } const hide_at_end{*this};
  mine->run(order.make());
}

void worker_desk::worker::stop() noexcept {
  const std::lock_guard guard(lock);
  if (over) return;
  stopped = true;
  if (running != nullptr) running->stop_from_outside();
}

worker_desk::worker_desk(kernel_engine& k) noexcept : kernel_(k) {}

worker_desk::~worker_desk() {
  for (const auto& w : workers_) w->stop();
  for (const auto& w : workers_) w->thread.join();
}

bool worker_desk::submit(op& o) {
  workers_.push_back(std::make_unique<worker>(*this, o));
  worker& w = *workers_.back();
  o.engine_data = &w;
  try {
    w.thread = std::thread([&w] { w.run(); });
    return false;
  } catch (const std::system_error& e) {  // EAGAIN: no more threads, pthread_create(3)
    o.code = e.code();
  } catch (const std::bad_alloc&) {
    o.code = errc::no_resources;
  }
  workers_.pop_back();
  o.engine_data = nullptr;
  return true;
}

void worker_desk::cancel(op& o) noexcept {
  if (o.engine_data != nullptr) static_cast<worker*>(o.engine_data)->stop();
}

void worker_desk::ended(worker& w) noexcept {
  // The home lives until it has joined this thread, and it joins only the threads listed here.
  const std::lock_guard guard(lock_);
  w.ended = true;
  any_ended_ = true;
  kernel_.wake();
}

void worker_desk::on_wake() noexcept {
  while (const std::unique_ptr<worker> w = take_ended()) {
    w->thread.join();
    const bool failed = static_cast<work_order*>(w->waiter.extra)->failure != nullptr;
    if (w->stopped && !failed) w->waiter.code = errc::cancelled;
    w->waiter.engine_data = nullptr;
    kernel_.complete(w->waiter);
  }
}

std::unique_ptr<worker_desk::worker> worker_desk::take_ended() noexcept {
  const std::lock_guard guard(lock_);
  if (!any_ended_) return nullptr;
  const auto over =
      std::find_if(workers_.begin(), workers_.end(), [](auto& w) { return w->ended; });
  any_ended_ = over != workers_.end();
  if (!any_ended_) return nullptr;
  std::unique_ptr<worker> w = std::move(*over);
  workers_.erase(over);
  return w;
}

}  // namespace bight::posix
