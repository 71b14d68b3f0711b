// SPDX-License-Identifier: MIT
#include "net/open.hpp"

#include <bight/resolve.hpp>

namespace bight {

error failure_of(const engine& e, verb what, std::error_code code, std::string_view tried,
                 const address& at) {
  const std::string why = e.cause(what, code, at);
  return error(code, std::string(tried) + at.str(), 0, why);
}

task<std::vector<address>> addresses_to_bind(address at, std::optional<address_family> family) {
  std::vector<address> all;
  if (at.kind() == address_kind::any && family) {
    all.push_back(family == address_family::ip4 ? address::ip4({}, at.port())
                                                : address::ip6({}, at.port()));
  } else if (at.is_name()) {
    all = co_await resolve(std::move(at));
    if (family) {
      const auto kind = family == address_family::ip4 ? address_kind::ip4 : address_kind::ip6;
      std::erase_if(all, [kind](const address& a) { return a.kind() != kind; });
    }
  } else {
    all.push_back(std::move(at));
  }
  co_return all;
}

task<std::vector<address>> bind_each(std::vector<address> at, opener open) {
  std::vector<address> bound;
  for (address& wanted : at) {
    const auto candidates = co_await addresses_to_bind(std::move(wanted), std::nullopt);
    std::optional<error> failed;
    std::size_t of_this = 0;
    for (const address& a : candidates) {
      const bool drawn = a.port() == 0 && !a.is_unix() && !bound.empty();
      auto opened = open(drawn ? a.with_port(bound.front().port()) : a);
      if (!opened && drawn) opened = open(a);
      if (opened) {
        bound.push_back(*std::move(opened));
        ++of_this;
      } else if (opened.error().is(errc::address_not_available) ||
                 opened.error().is(errc::not_supported) || opened.error().is(errc::bad_address)) {
        if (!failed) failed.emplace(opened.error());
      } else {
        throw error(opened.error());
      }
    }
    if (failed && of_this == 0) throw error(*failed);
  }
  co_return bound;
}

}  // namespace bight
