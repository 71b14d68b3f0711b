// SPDX-License-Identifier: MIT
#include "http/pool.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace bight::http {

std::string pool_key(const url& to, const proxy& via) {
  if (via.what == proxy::kind::none) return to.origin();
  // With the lengths, no name and password can be mistaken for another pair.
  return fmt::format("{} by {} {} {}:{} {}:{}", to.origin(), static_cast<int>(via.what),
                     via.at.str(), via.user.size(), via.user, via.password.size(), via.password);
}

std::optional<connection> client_state::take(const std::string& key, time_point now) {
  while (!idle.empty() && later(idle.front().since, how.idle_time) <= now) idle.pop_front();
  const auto found = std::find_if(idle.rbegin(), idle.rend(),
                                  [&key](const connection& c) { return c.key == key; });
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
