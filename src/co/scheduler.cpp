// SPDX-License-Identifier: MIT
#include <bight/machinery/scheduler.hpp>

#include "base/check.hpp"
#include "base/names.hpp"

#include <utility>

namespace bight {

void runnable_queue::push_front(runnable& r) noexcept {
  r.next = head_;
  if (head_ == nullptr) end_ = &r.next;
  head_ = &r;
}

runnable* runnable_queue::pop() noexcept {
  runnable* r = head_;
  if (r == nullptr) return nullptr;
  head_ = r->next;
  if (head_ == nullptr) end_ = &head_;
  return r;
}

bool scheduler::before(const timer& a, const timer& b) noexcept {
  return a.at != b.at ? a.at < b.at : a.sequence < b.sequence;
}

void scheduler::arm(timer& t, time_point at) { arm(t, at, sequence_++); }

void scheduler::arm_for_next_turn(timer& t) { arm(t, now_, sequence_++ | next_turn); }

void scheduler::arm(timer& t, time_point at, std::uint64_t sequence) {
  if (t.armed()) disarm(t);
  heap_.push_back(&t);  // may throw; t is unchanged then
  t.at = at;
  t.sequence = sequence;
  t.place = heap_.size() - 1;
  sift_up(t.place);
}

void scheduler::disarm(timer& t) noexcept {
  if (!t.armed()) return;
  const std::size_t hole = std::exchange(t.place, static_cast<std::size_t>(-1));
  timer* last = heap_.back();
  heap_.pop_back();
  if (last == &t) return;
  place(*last, hole);
  sift_up(hole);
  sift_down(last->place);
}

time_point scheduler::next_deadline() const noexcept {
  return heap_.empty() ? time_point::max() : heap_.front()->at;
}

void scheduler::expire(time_point now) {
  advance(now);
  const std::uint64_t too_early = sequence_ | next_turn;  // armed from here on: next turn
  while (!heap_.empty() && heap_.front()->at <= now_) {
    timer& t = *heap_.front();
    if (t.sequence >= too_early) break;
    disarm(t);
    t.expired(t);
  }
}

void scheduler::run_ready() {
  rounds_alone_ = rounds_alone_max;
  for (runnable* r = ready_.take_all(); r != nullptr;) {
    runnable* const next = r->next;
    __builtin_prefetch(next);  // loads while this one runs
    rest_ = next;
    steps_left_ = steps_max;
    r->run(*r);
    r = next;
  }
}

bool scheduler::goes_on_alone() noexcept {
  if (rest_ != nullptr || !ready_.empty() || rounds_alone_ <= 0) return false;
  --rounds_alone_;
  steps_left_ = steps_max;
  return true;
}

namespace {
constinit thread_local const char this_thread = 0;  // its address identifies the thread
}

scheduler::driver::driver(scheduler& s) noexcept
    : driven_(s), before_(__atomic_exchange_n(&s.driven_in_, &this_thread, __ATOMIC_RELAXED)) {}

scheduler::driver::~driver() { __atomic_store_n(&driven_.driven_in_, before_, __ATOMIC_RELAXED); }

bool scheduler::driven() const noexcept {
  return __atomic_load_n(&driven_in_, __ATOMIC_RELAXED) != nullptr;
}

void scheduler::check_thread(const char* misuse) const noexcept {
  const void* const thread = __atomic_load_n(&driven_in_, __ATOMIC_RELAXED);
  check(thread == nullptr || thread == &this_thread, misuse);
}

// Four children per node: half the depth of a binary heap, and siblings share a cache line.
void scheduler::sift_up(std::size_t i) noexcept {
  timer& t = *heap_[i];
  while (i > 0) {
    const std::size_t parent = (i - 1) / 4;
    if (!before(t, *heap_[parent])) break;
    place(*heap_[parent], i);
    i = parent;
  }
  place(t, i);
}

void scheduler::sift_down(std::size_t i) noexcept {
  timer& t = *heap_[i];
  for (;;) {
    const std::size_t first = 4 * i + 1;
    if (first >= heap_.size()) break;
    const std::size_t end = first + 4 < heap_.size() ? first + 4 : heap_.size();
    std::size_t least = first;
    for (std::size_t c = first + 1; c < end; ++c)
      if (before(*heap_[c], *heap_[least])) least = c;
    if (!before(*heap_[least], t)) break;
    place(*heap_[least], i);
    i = least;
  }
  place(t, i);
}

void scheduler::place(timer& t, std::size_t i) noexcept {
  heap_[i] = &t;
  t.place = i;
}

}  // namespace bight
