// SPDX-License-Identifier: MIT
#include "sim/facts.hpp"

#include <cerrno>

namespace bight::sim {

int host_facts::route(const address& to, bool broadcast) const {
  const packet_end name = end_of(to);
  if (name.family == 6 && !home_.options.ip6) return ENETUNREACH;
  if (is_broadcast(name) && !broadcast) return EACCES;
  const machine* const there = all_.find(home_, name);
  if (there == nullptr || there->number >= home_.ways.size()) return 0;
  const auto& way = home_.ways[there->number];  // exists after the first packet
  return way != nullptr ? way->no_route().value() : 0;
}

// Every zone means the only link.
bool host_facts::has_zone_of(const address& a) const {
  static_cast<void>(a);
  return true;
}

auto host_facts::file_at(const address& at) const -> file {
  const std::string path = at.host();
  const bool there = path[0] != '@' && home_.unix_names.contains(path);
  return there ? file::socket : file::none;
}

}  // namespace bight::sim
