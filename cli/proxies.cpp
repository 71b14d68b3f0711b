// SPDX-License-Identifier: MIT
#include "proxies.hpp"

#include "exit_codes.hpp"
#include "text.hpp"

#include <bight/error.hpp>

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace tool {

namespace http = bight::http;
using bight::address;

namespace {

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number n{};
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return n;
}

// An IP address, IPv6 with or without brackets; none for anything else.
std::optional<address> parse_ip(std::string_view text) {
  const bool bare = !text.starts_with('[') && text.find(':') != std::string_view::npos;
  try {
    const address ip(bare ? fmt::format("[{}]:0", text) : fmt::format("{}:0", text));
    if (ip.is_ip()) return ip;
  } catch (const bight::error&) {}
  return std::nullopt;
}

// A name in the form of url::host(); "" for anything else.
std::string plain_name(std::string_view text) {
  if (text.starts_with("*.")) text.remove_prefix(1);
  while (text.starts_with('.')) text.remove_prefix(1);
  while (text.ends_with('.')) text.remove_suffix(1);
  try {
    return lower(http::ascii_host(text));
  } catch (const bight::error&) {
    return {};
  }
}

bool same_bits(const address& a, const address& b, std::size_t bits) {
  for (std::size_t i = 0; i < bits; ++i) {
    const unsigned difference = a.bytes()[i / 8] ^ b.bytes()[i / 8];
    if ((difference >> (7 - i % 8) & 1u) != 0) return false;
  }
  return true;
}

}  // namespace

no_proxy_item::no_proxy_item(std::string_view text) {
  if (const std::size_t slash = text.find('/'); slash != std::string_view::npos) {
    read_network(text, slash);
    return;
  }
  std::optional<address> ip = parse_ip(text);
  // ":80" after a name, an IPv4 address, or a bracket.
  const std::size_t colon = text.rfind(':');
  if (!ip && colon != std::string_view::npos) {
    const auto port = number<std::uint16_t>(text.substr(colon + 1));
    if (!port) return;
    port_ = *port;
    text = text.substr(0, colon);
    ip = parse_ip(text);
  }
  all_ = text == "*";
  if (ip) {
    ip_ = *ip;
    bits_ = ip->kind() == bight::address_kind::ip4 ? 32 : 128;
  } else if (!all_) {
    name_ = plain_name(text);
  }
}

void no_proxy_item::read_network(std::string_view text, std::size_t slash) {
  const std::string_view base = text.substr(0, slash);
  const std::optional<address> ip = parse_ip(base);
  std::optional<std::size_t> bits = number<std::size_t>(text.substr(slash + 1));
  if (!ip || !bits) return;
  const bool ip4 = ip->kind() == bight::address_kind::ip4;
  // "::ffff:10.0.0.0/104" is 10.0.0.0/8.
  if (ip4 && base.find(':') != std::string_view::npos) *bits = *bits < 96 ? 33 : *bits - 96;
  if (*bits > (ip4 ? 32u : 128u)) return;
  ip_ = *ip;
  bits_ = *bits;
}

bool no_proxy_item::covers(const http::url& to) const {
  if (port_ != 0 && port_ != to.at().port()) return false;
  if (all_) return true;
  if (to.at().is_ip()) return ip_.kind() == to.at().kind() && same_bits(ip_, to.at(), bits_);
  std::string host = to.host();
  if (host.ends_with('.')) host.pop_back();
  if (name_.empty() || !host.ends_with(name_)) return false;
  return host.size() == name_.size() || host[host.size() - name_.size() - 1] == '.';
}

proxies::setting proxies::first_of(std::initializer_list<const char*> names) {
  for (const char* name : names)
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0')
      return {name, value};
  return {};
}

proxies proxies::from_environment() {
  proxies p;
  p.plain_ = first_of({"http_proxy", "all_proxy", "ALL_PROXY"});
  p.secure_ = first_of({"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"});
  const setting none = first_of({"no_proxy", "NO_PROXY"});
  std::string_view rest = none.value;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find_first_of(", \t\r\n"), rest.size());
    if (end > 0) p.direct_.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return p;
}

http::proxy proxies::operator()(const http::url& to) const {
  const setting& by = to.secure() ? secure_ : plain_;
  const bool direct = std::any_of(direct_.begin(), direct_.end(),
                                  [&to](const no_proxy_item& item) { return item.covers(to); });
  if (direct || by.value.empty()) return {};
  try {
    return http::proxy(by.value);
  } catch (const bight::error& e) {
    throw usage_error(fmt::format("environment variable {}: {}", by.name, e.what()));
  }
}

}  // namespace tool
