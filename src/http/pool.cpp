// SPDX-License-Identifier: MIT
#include "http/pool.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace bight::http {

std::string place_of(const url& to, const proxy& by) {
  if (by.what == proxy::kind::none) return to.origin();
  // Lengths, so that no user can be taken for another with a longer name.
  return fmt::format("{} by {} {} {}:{} {}:{}", to.origin(), static_cast<int>(by.what), by.at.str(),
                     by.user.size(), by.user, by.password.size(), by.password);
}

std::optional<connection> client_state::take(const std::string& place, time_point now) {
  while (!idle.empty() && later(idle.front().since, how.idle_time) <= now) idle.pop_front();
  const auto found = std::find_if(idle.rbegin(), idle.rend(),
                                  [&place](const connection& c) { return c.place == place; });
  if (found == idle.rend()) return std::nullopt;
  std::optional<connection> c(std::move(*found));
  idle.erase(std::next(found).base());
  c->reused = true;
  return c;
}

void client_state::keep(connection c, time_point now) {
  if (closed || how.idle_max == 0) return;
  if (idle.size() == how.idle_max) idle.pop_front();
  c.since = now;
  idle.push_back(std::move(c));
}

}  // namespace bight::http
