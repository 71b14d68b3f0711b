// SPDX-License-Identifier: MIT
#include "engine/posix/forks.hpp"

#include "engine/posix/kernel.hpp"

#include <mutex>

#include <pthread.h>

namespace bight::posix {

namespace {

// Allocates nothing and is never destroyed, because an engine may outlive all other static objects.
constinit std::mutex gate;

ring_link& all() noexcept {
  static ring_link head;
  if (head.next == nullptr) head.make_head();
  return head;
}

// The lock is held while fork(2) copies the process, so that no thread is changing the list.
void before_fork() noexcept { gate.lock(); }
void after_fork() noexcept { gate.unlock(); }
void after_fork_in_child() noexcept {
  for (ring_link* w = all().next; w != &all(); w = w->next)
    static_cast<fork_watch*>(w)->engine->disown();
  after_fork();
}

}  // namespace

void watch_forks(fork_watch& w, kernel_engine& e) noexcept {
  static const int handled = pthread_atfork(before_fork, after_fork, after_fork_in_child);
  static_cast<void>(handled);
  const std::lock_guard hold(gate);
  w.engine = &e;
  w.link_last(all());
}

void forget_forks(fork_watch& w) noexcept {
  const std::lock_guard hold(gate);
  w.unlink();
}

}  // namespace bight::posix
