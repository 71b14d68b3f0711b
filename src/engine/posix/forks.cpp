// SPDX-License-Identifier: MIT
#include "engine/posix/forks.hpp"

#include "engine/posix/kernel.hpp"

#include <mutex>
#include <vector>

#include <pthread.h>

namespace bight::posix {

namespace {

struct engines {
  std::mutex lock;
  std::vector<kernel_engine*> all;
};

// Never destroyed: an engine may outlive every other static object.
engines& known() {
  static engines& e = *new engines;
  return e;
}

// The lock is held while fork(2) copies the process: no other thread changes the list meanwhile.
void before_fork() noexcept { known().lock.lock(); }
void after_fork() noexcept { known().lock.unlock(); }
void after_fork_in_child() noexcept {
  for (kernel_engine* e : known().all) e->disown();
  after_fork();
}

}  // namespace

void watch_forks(kernel_engine& e) {
  static const int handled = pthread_atfork(before_fork, after_fork, after_fork_in_child);
  static_cast<void>(handled);
  const std::lock_guard hold(known().lock);
  known().all.push_back(&e);
}

void forget_forks(kernel_engine& e) noexcept {
  const std::lock_guard hold(known().lock);
  std::erase(known().all, &e);
}

}  // namespace bight::posix
