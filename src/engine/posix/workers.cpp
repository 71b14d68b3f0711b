// SPDX-License-Identifier: MIT
#include "engine/posix/workers.hpp"

#include <bight/callback.hpp>

#include "engine/loop.hpp"

#include <thread>

namespace bight::posix {

struct worker_desk::worker {
  worker(worker_desk& desk, op& o)
      : home(desk), waiter(o), busy_poll(static_cast<loop&>(desk.kernel_.timers()).busy_poll()) {}

  void run() noexcept;
  void run_loop();
  void stop() noexcept;

  worker_desk& home;
  op& waiter;
  const duration busy_poll;  // as on the loop that asked
  std::thread thread;
  bool ended = false;  // under home.lock_

  std::mutex lock;  // over what follows
  loop* running = nullptr;
  bool stopped = false;  // a stop came while there was something to stop
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
  loop mine(home.kernel_.another(), busy_poll);
  {
    const std::lock_guard guard(lock);
    if (stopped) return;
    running = &mine;  // from here on stop() reaches the loop itself
  }
  // The loop must not die while stop() is about to call it.
  struct hide {
    worker& self;
    ~hide() {
      const std::lock_guard guard(self.lock);
      self.running = nullptr;
      self.over = true;
    }
  } const hide_at_end{*this};
  mine.run(order.make());
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
  } catch (const std::system_error& e) {  // EAGAIN: no more threads, pthread_create(3)
    workers_.pop_back();
    o.engine_data = nullptr;
    o.code = e.code();
    return true;
  }
  return false;
}

void worker_desk::cancel(op& o) noexcept {
  if (o.engine_data != nullptr) static_cast<worker*>(o.engine_data)->stop();
}

void worker_desk::ended(worker& w) noexcept {
  // The home lives until it has joined this thread, and it joins only what it sees here.
  const std::lock_guard guard(lock_);
  w.ended = true;
  any_ended_ = true;
  kernel_.wake();
}

void worker_desk::on_wake() {
  std::vector<std::unique_ptr<worker>> over;
  {
    const std::lock_guard guard(lock_);
    if (!std::exchange(any_ended_, false)) return;
    for (auto& w : workers_)
      if (w->ended) over.push_back(std::move(w));
  }
  std::erase(workers_, nullptr);
  for (const auto& w : over) {
    w->thread.join();
    const bool failed = static_cast<work_order*>(w->waiter.extra)->failure != nullptr;
    if (w->stopped && !failed) w->waiter.code = errc::cancelled;
    w->waiter.engine_data = nullptr;
    kernel_.complete(w->waiter);
  }
}

}  // namespace bight::posix
