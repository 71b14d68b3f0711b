// SPDX-License-Identifier: MIT
#include <bight/resolve.hpp>

#include <bight/deadline.hpp>
#include <bight/scope.hpp>

#include "base/check.hpp"
#include "engine/joint_lookup.hpp"
#include "net/connect.hpp"

namespace bight {

resolve_operation::resolve_operation(address name, address_family wanted,
                                     joint_lookup* both) noexcept
    : op(verb::resolve, nullptr, {}), name_(std::move(name)) {
  answer_.both = both;
  family = static_cast<std::uint8_t>(wanted);
}

resolve_operation::resolve_operation(resolve_operation&& other) noexcept
    : op(std::move(other)), name_(std::move(other.name_)) {
  answer_.both = other.answer_.both;
}

result<std::vector<address>> resolve_operation::take() {
  const std::string tried = "resolve " + name_.host();
  if (answer_.failed) return error(answer_.failed, tried, 0, answer_.failed.message());
  if (!failed() && answer_.found.empty()) code = errc::name_not_found;
  if (code) return error(code, tried);
  return std::move(answer_.found);
}

resolve_operation resolve(address name, address_family family) {
  return resolve_operation(std::move(name), family);
}

std::vector<address> by_turns(std::vector<address> ip6, std::vector<address> ip4) {
  std::vector<address> all;
  all.reserve(ip6.size() + ip4.size());
  for (std::size_t i = 0; i < ip6.size() || i < ip4.size(); ++i) {
    if (i < ip6.size()) all.push_back(std::move(ip6[i]));
    if (i < ip4.size()) all.push_back(std::move(ip4[i]));
  }
  return all;
}

const error& more_telling(const error& ip6, const error& ip4) noexcept {
  if (ip6.is(errc::cancelled)) return ip6;
  if (ip4.is(errc::cancelled)) return ip4;
  // "no such host" for one family is meaningless if the other family's lookup failed.
  return ip4.is(errc::name_not_found) ? ip6 : ip4;
}

task<std::vector<address>> resolve(address name) {
  if (!name.is_name()) {
    std::vector<address> itself(1, std::move(name));
    co_return itself;
  }
  joint_lookup joint;
  auto ask6 = attempt(resolve_operation(name, address_family::ip6, &joint));
  auto ask4 = attempt(resolve_operation(name, address_family::ip4, &joint));
  auto outcomes = co_await all(std::move(ask6), std::move(ask4));
  auto& [ip6, ip4] = outcomes;
  if (!ip6 && !ip4) throw error(more_telling(ip6.error(), ip4.error()));
  // One family's addresses are incomplete if a local shortage prevented the other lookup.
  for (const errc shortage : {errc::no_resources, errc::too_many_files}) {
    if (!ip6 && ip6.error().is(shortage)) throw error(ip6.error());
    if (!ip4 && ip4.error().is(shortage)) throw error(ip4.error());
  }
  // Cancelled after one answer: the result is incomplete, and the caller no longer waits for it.
  if (!ip6 && ip6.error().is(errc::cancelled)) throw error(ip6.error());
  if (!ip4 && ip4.error().is(errc::cancelled)) throw error(ip4.error());
  std::vector<address> found6;
  std::vector<address> found4;
  if (ip6) found6 = std::move(*ip6);
  if (ip4) found4 = std::move(*ip4);
  co_return by_turns(std::move(found6), std::move(found4));
}

}  // namespace bight
