// SPDX-License-Identifier: MIT
#include <bight/scheduler.hpp>

#include "base/plant.hpp"

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

void scheduler::arm(timer& t, time_point at) {
  if (t.armed()) disarm(t);
  heap_.push_back(&t);  // may throw; t is untouched then
  t.at = at;
  t.sequence = sequence_++;
  t.place = heap_.size() - 1;
  sift_up(t.place);
}

void scheduler::disarm(timer& t) noexcept {
  if (!t.armed()) return;
  const std::size_t hole = std::exchange(t.place, static_cast<std::size_t>(-1));
  timer* last = heap_.back();
  heap_.pop_back();
  if (last == &t || planted(bug::timer_skips_the_front)) return;
  place(*last, hole);
  sift_up(hole);
  if (!planted(bug::timers_lose_order)) sift_down(last->place);
}

time_point scheduler::next_deadline() const noexcept {
  return heap_.empty() ? time_point::max() : heap_.front()->at;
}

void scheduler::expire(time_point now) {
  advance(now);
  while (!heap_.empty() && heap_.front()->at <= now_) {
    timer& t = *heap_.front();
    disarm(t);
    t.expired(t);
  }
}

void scheduler::run_ready() {
  for (runnable* r = ready_.take_all(); r != nullptr;) {
    runnable* const next = r->next;
    __builtin_prefetch(next);  // comes while this one makes its calls
    r->run(*r);
    r = next;
  }
}

// Four children a node: half the depth of a binary heap, and the four share a cache line.
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
