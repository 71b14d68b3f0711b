// SPDX-License-Identifier: MIT
#include "sim/event_queue.hpp"

namespace bight::sim {

void event_queue::push(duration at, event_kind kind, std::uint32_t subject, std::uint32_t life,
                       std::uint64_t shuffle) {
  constexpr int order_bits = 48;  // enough for three days at a billion events per second
  const event e{at, (shuffle << order_bits) | pushed_++, subject, life & life_mask,
                static_cast<std::uint32_t>(kind)};
  std::size_t i = heap_.size();
  heap_.push_back(e);
  while (i > 0) {
    const std::size_t parent = (i - 1) / 4;
    if (!before(e, heap_[parent])) break;
    heap_[i] = heap_[parent];
    i = parent;
  }
  heap_[i] = e;
}

event event_queue::pop() noexcept {
  const event first = heap_.front();
  const event last = heap_.back();
  heap_.pop_back();
  const std::size_t size = heap_.size();
  if (size == 0) return first;
  std::size_t i = 0;
  for (;;) {
    const std::size_t child = 4 * i + 1;
    if (child >= size) break;
    const std::size_t end = child + 4 < size ? child + 4 : size;
    std::size_t least = child;
    for (std::size_t c = child + 1; c < end; ++c)
      if (before(heap_[c], heap_[least])) least = c;
    if (!before(heap_[least], last)) break;
    heap_[i] = heap_[least];
    i = least;
  }
  heap_[i] = last;
  return first;
}

}  // namespace bight::sim
