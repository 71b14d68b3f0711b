// SPDX-License-Identifier: MIT
#include "engine/posix/name_search.hpp"

#include <algorithm>

namespace bight::posix {

name_search::name_search(address wanted, bool ip6, bool ip4) : name(std::move(wanted)) {
  halves[0].family = 6;
  halves[0].wanted = ip6;
  halves[1].family = 4;
  halves[1].wanted = ip4;
  for (half& h : halves) h.home = this;
}

void name_search::learn(half& h, name_outcome outcome, int status) noexcept {
  h.known = true;
  h.outcome = outcome;
  h.status = status;
  if (outcome <= h.worst) return;
  h.worst = outcome;
  h.worst_status = status;
}

auto name_search::judge() noexcept -> verdict {
  if (decided) return verdict::decided;
  const auto any = [this](name_outcome o) {
    return std::any_of(halves.begin(), halves.end(),
                       [o](const half& h) { return h.known && h.outcome == o; });
  };
  const bool found = any(name_outcome::found);
  const bool all_known =
      std::all_of(halves.begin(), halves.end(), [](const half& h) { return h.known || !h.wanted; });
  if (!found && !all_known) return verdict::wait;
  // "No such name" holds for both families (RFC 8020), so it outweighs a missing answer.
  const bool may_go_on = !any(name_outcome::no_answer) || any(name_outcome::no_name);
  if (!found && may_go_on && at_ + 1 < candidates.size()) {
    ++at_;
    for (half& h : halves) h.asked = h.known = false;
    return verdict::go_on;
  }
  decided = true;
  if (found) return verdict::decided;
  for (half& h : halves) h.status = h.worst_status;
  return verdict::decided;
}

}  // namespace bight::posix
