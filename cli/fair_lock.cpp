// SPDX-License-Identifier: MIT
#include "fair_lock.hpp"

#include <bight/deadline.hpp>

#include <algorithm>

namespace tool {

using namespace bight;

task<fair_lock::guard> fair_lock::acquire() {
  if (!taken_) {
    taken_ = true;
    co_return guard(*this);
  }
  event mine;
  waiting_.push_back(&mine);
  auto waited = co_await attempt(mine.wait());
  if (!waited) {
    // If the lock was granted in the same turn of the loop as the cancellation, pass it on.
    const auto position = std::find(waiting_.begin(), waiting_.end(), &mine);
    if (position != waiting_.end())
      waiting_.erase(position);
    else
      release();
    throw error(waited.error());
  }
  co_return guard(*this);
}

void fair_lock::release() noexcept {
  if (waiting_.empty()) {
    taken_ = false;
    return;
  }
  // The lock stays taken, so that no new caller can overtake.
  event* const next = waiting_.front();
  waiting_.pop_front();
  next->set();
}

}  // namespace tool
