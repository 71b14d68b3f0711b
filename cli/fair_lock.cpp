// SPDX-License-Identifier: MIT
#include "fair_lock.hpp"

#include <bight/deadline.hpp>

#include <algorithm>

namespace tool {

using namespace bight;

task<turns::turn> turns::take() {
  if (!taken_) {
    taken_ = true;
    co_return turn(*this);
  }
  event mine;
  waiting_.push_back(&mine);
  auto waited = co_await attempt(mine.wait());
  if (!waited) {
    // Passed on to us and cancelled in the same turn of the loop: the next one has it.
    const auto place = std::find(waiting_.begin(), waiting_.end(), &mine);
    if (place != waiting_.end())
      waiting_.erase(place);
    else
      pass_on();
    throw error(waited.error());
  }
  co_return turn(*this);
}

void turns::pass_on() noexcept {
  if (waiting_.empty()) {
    taken_ = false;
    return;
  }
  // It stays taken, so that nobody comes in between.
  event* const next = waiting_.front();
  waiting_.pop_front();
  next->set();
}

}  // namespace tool
