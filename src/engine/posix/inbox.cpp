// SPDX-License-Identifier: MIT
#include "engine/posix/inbox.hpp"

#include <cstring>

namespace bight::posix {

void inbox::give(op& o, bool datagrams) {
  arrival& first = items_[first_];
  bytes_ -= first.data.size();
  if (hand_over(o, first, datagrams))
    drop_first();
  else
    bytes_ += first.data.size();
}

void inbox::take(arrivals& into, std::size_t most) {
  if (first_ == 0 && count() <= most) {  // the common case: swaps the memory too
    items_.swap(into);
    bytes_ = 0;
    return;
  }
  for (; most > 0 && !empty(); --most) {
    arrival& first = items_[first_];
    bytes_ -= first.data.size();
    into.push_back(std::move(first));
    drop_first();
  }
}

void inbox::drop_first() {
  constexpr std::size_t dropped_max = 64;
  ++first_;  // moved from, so nothing is left in it
  if (first_ == items_.size() || first_ == dropped_max) {
    items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }
}

bool inbox::hand_over(op& o, arrival& a, bool datagrams) {
  if (o.what == verb::arrival) return false;
  lease taken;
  if (datagrams) {
    // Whole, even if longer than requested. The receiver of the outcome truncates it; until then it
    // can be put back.
    const bool one_of_many = a.segment > 0 && !o.many;
    o.segment = o.many ? a.segment : 0;
    o.truncated = a.truncated;
    taken = one_of_many ? a.data.take_front(a.segment) : std::move(a.data);
    if (o.peer != nullptr && a.data.empty())
      *o.peer = std::move(a.from);
    else if (o.peer != nullptr)
      *o.peer = a.from;
  } else {
    taken = a.data.take_front(o.size);
  }
  o.count = static_cast<std::int64_t>(taken.size());
  if (o.what == verb::recv_into)
    std::memcpy(o.buffer, taken.data(), taken.size());
  else
    *o.got = std::move(taken);
  return a.data.empty();
}

}  // namespace bight::posix
