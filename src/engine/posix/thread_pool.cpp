// SPDX-License-Identifier: MIT
#include "engine/posix/thread_pool.hpp"

#include "engine/process.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <system_error>
#include <thread>

#include <unistd.h>

namespace bight {

namespace posix {

namespace {

constexpr std::chrono::seconds idle_max(10);
// Calls that block need more threads than there are cores; a disk has few uses for more than this.
constexpr unsigned threads_least = 4;

constinit std::atomic<thread_pool*> pool_of_process{nullptr};
constinit std::atomic<std::size_t> threads_max{0};  // 0: nobody has set it

std::size_t limit_now() noexcept {
  if (const std::size_t set = threads_max.load(std::memory_order_relaxed)) return set;
  return std::max(threads_least, std::thread::hardware_concurrency());
}

}  // namespace

thread_pool& thread_pool::of_process() noexcept {
  const pid_t here = getpid();
  thread_pool* found = pool_of_process.load(std::memory_order_acquire);
  if (found != nullptr && found->process_ == here) return *found;
  auto* fresh = new thread_pool(here);
  if (pool_of_process.compare_exchange_strong(found, fresh, std::memory_order_acq_rel))
    return *fresh;
  delete fresh;
  return *found;
}

void thread_pool::run(job& j) {
  const std::lock_guard guard(lock_);
  if (queued_ >= idle_ && threads_ < limit_now()) start_thread();
  j.next = nullptr;
  *end_ = &j;
  end_ = &j.next;
  ++queued_;
  more_.notify_one();
}

bool thread_pool::withdraw(job& j) noexcept {
  const std::lock_guard guard(lock_);
  for (job** at = &first_; *at != nullptr; at = &(*at)->next) {
    if (*at != &j) continue;
    *at = j.next;
    if (end_ == &j.next) end_ = at;
    --queued_;
    return true;
  }
  return false;
}

// Without a new thread, the job waits for one of the others.
void thread_pool::start_thread() {
  try {
    std::thread([this] { work(); }).detach();
    ++threads_;
  } catch (const std::system_error&) {  // EAGAIN: no more threads, pthread_create(3)
    if (threads_ == 0) throw;
  }
}

void thread_pool::work() noexcept {
  std::unique_lock guard(lock_);
  for (;;) {
    ++idle_;
    const bool found = more_.wait_for(guard, idle_max, [this] { return first_ != nullptr; });
    --idle_;
    if (!found) break;
    job& mine = *first_;
    first_ = mine.next;
    if (first_ == nullptr) end_ = &first_;
    --queued_;
    guard.unlock();
    mine.run(mine);
    guard.lock();
  }
  --threads_;
}

}  // namespace posix

void limit_job_threads(std::size_t most) noexcept {
  posix::threads_max.store(most, std::memory_order_relaxed);
}

}  // namespace bight
