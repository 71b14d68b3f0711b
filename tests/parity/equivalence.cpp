// SPDX-License-Identifier: MIT
#include "parity/equivalence.hpp"

#include <array>
#include <utility>

namespace parity {

// What is left out:
//
// 1. How a stream is cut into receives. A step receives a number of bytes and not what comes first,
//    so the record has nothing of that.
// 2. How much of a send that never fits a connection takes: each system has its own buffers.
// 3. Which of its orders a race had. The step that a racing outcome is told after is the
//    second of the two.
// 4. Whether a send into a connection that was reset says that, or that it is closed. The kernel
//    tells a reset once, to whoever asks first; an engine that listens for its receives hears it
//    before a send does. A receive is always told.
// 5. How the sends come out that a peer begins after one that filled the connection: whether there
//    is room for a few bytes more is the system's, and so is how much of it must be free before a
//    sender is woken.
std::string normal(const script& s, const record& r) {
  record n = r;
  const std::string reset =
      bight::machinery::category().message(static_cast<int>(bight::errc::reset));
  const std::string closed =
      bight::machinery::category().message(static_cast<int>(bight::errc::closed));
  std::array<bool, 2> has_filled{};
  for (std::size_t i = 0; i < n.steps.size(); ++i) {
    outcome& o = n.steps[i];
    if (s.steps[i].what == act::send) {
      if (o.failure == reset) o.failure = closed;
      if (has_filled[s.steps[i].peer]) o = {};
      if (s.steps[i].bytes == never_fits) has_filled[s.steps[i].peer] = true;
    }
    if (o.count > fits) o.count = fits;
    if (o.after < s.steps.size() && s.steps[o.after].races) ++o.after;
  }
  for (flow& f : n.flows) {
    if (f.sent > fits) f.sent = fits;
    if (f.received > fits) f.received = fits;
  }
  return text(s, n);
}

record as_race(const script& s, record r, order o) {
  const std::size_t at = s.race();
  if (o == order::between) {  // a step more
    r.steps.erase(r.steps.begin() + static_cast<std::ptrdiff_t>(at));
    for (outcome& each : r.steps)
      if (each.after > at) --each.after;
  }
  if (o == order::exchanged || (o == order::between && s.steps[at].what == act::close))
    std::swap(r.steps[at], r.steps[at + 1]);
  return r;
}

}  // namespace parity
