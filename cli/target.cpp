// SPDX-License-Identifier: MIT
#include "target.hpp"

#include "exit_codes.hpp"
#include "suggest.hpp"
#include "text.hpp"

#include <bight/error.hpp>
#include <bight/url.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace tool {

using bight::address;

namespace {

const std::vector<std::string> known_schemes{"tcp", "udp", "tls", "unix", "http", "https"};

[[noreturn]] void refuse(std::string_view text, std::string_view reason) {
  throw usage_error(fmt::format("address \"{}\": {}", shown(text), reason));
}

address parse_address(const std::string& text) {
  try {
    return {text};
  } catch (const bight::error& e) {
    throw usage_error(e.what());
  }
}

// Converts a name to Punycode, and "[fe80::1%25eth0]" (the zone in a URL, RFC 6874) to "%eth0".
std::string host_as_looked_up(std::string_view host) {
  if (host.starts_with('[')) {
    std::string plain(host);
    const std::size_t zone = plain.find("%25");
    if (zone != std::string::npos && zone + 4 < plain.size()) plain.erase(zone + 1, 2);
    return plain;
  }
  try {
    return bight::http::ascii_host(host);
  } catch (const bight::error& e) {
    throw usage_error(e.what());
  }
}

bool is_scheme(std::string_view s) {
  return !s.empty() && std::all_of(s.begin(), s.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+';
  });
}

// "unix:/p" and "unix:///p"; "unix:@name" is the abstract namespace.
address parse_path(std::string_view whole, std::string_view path) {
  if (path.starts_with("//")) {
    path.remove_prefix(2);
    if (!path.starts_with('/'))
      refuse(whole, "a unix socket has no host; write unix:/path or unix:///path");
  }
  if (path.starts_with("~/"))
    refuse(whole, "the shell does not expand ~ here; write unix:$HOME/path (or unix:./~/path)");
  if (path.find('\0') != std::string_view::npos) refuse(whole, "it contains a NUL byte");
  return parse_address("unix:" + std::string(path));
}

}  // namespace

schemed split_scheme(std::string_view text) {
  if (text.starts_with("unix:")) return {"unix", text.substr(5)};
  const std::size_t end = text.find("://");
  if (end == std::string_view::npos || !is_scheme(text.substr(0, end))) return {"", text};
  return {lower(text.substr(0, end)), text.substr(end + 3)};  // RFC 3986 §3.1
}

address parse_host_port(std::string_view text, std::uint16_t port) {
  if (text.empty()) refuse(text, "it is empty; write host:port, or :port for this machine");
  if (text.find_first_not_of("0123456789") == std::string_view::npos)
    refuse(text, fmt::format("a number is not an address; for a port, write :{}", text));
  if (text.starts_with('/') || text.starts_with("./") || text.starts_with("../"))
    refuse(text,
           fmt::format("a path is not an address; for a unix socket, write unix:{}", shown(text)));
  const std::size_t bracket = text.rfind(']');
  const std::size_t colon = text.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  const std::string_view host = has_port ? text.substr(0, colon) : text;
  const std::string where = has_port ? std::string(text.substr(colon)) : fmt::format(":{}", port);
  return parse_address(host_as_looked_up(host) + where);
}

target parse_target(std::string_view text, protocol assumed) {
  const auto [scheme, rest] = split_scheme(text);
  if (scheme == "http" || scheme == "https")
    refuse(text, fmt::format("{}:// is for `bight get`; here write {}://host:port", scheme,
                             scheme == "http" ? "tcp" : "tls"));
  const bool is_unix = scheme == "unix";
  target to{assumed, {}};
  if (scheme == "tcp" || scheme == "udp" || scheme == "tls")
    to.proto = scheme == "tcp" ? protocol::tcp : scheme == "udp" ? protocol::udp : protocol::tls;
  else if (!scheme.empty() && !is_unix)
    refuse(text,
           fmt::format("unknown scheme \"{}://\"{}; write tcp://, udp://, tls:// or unix:/path",
                       scheme, did_you_mean(scheme, known_schemes)));
  const bool contradicts = to.proto != assumed || (is_unix && assumed == protocol::udp);
  if (assumed != protocol::tcp && contradicts)
    refuse(text,
           fmt::format("{}, but the address says {}; remove one of them",
                       assumed == protocol::udp ? "-u means UDP" : "--tls means TLS", scheme));
  // "tcp://host:80/", written like a URL.
  const bool slash = !scheme.empty() && rest.ends_with('/') && rest.size() > 1;
  to.address = is_unix
                   ? parse_path(text, rest)
                   : parse_host_port(rest.substr(0, rest.size() - (slash ? 1 : 0)), default_port);
  return to;
}

void check_client(const target& to, std::optional<bight::address_family> family) {
  if (!to.is_unix() && to.address.port() == 0)
    refuse(to.str(), "port 0 is not a port to connect to");
  const bool ip4 = to.address.kind() == bight::address_kind::ip4;
  const bool ip6 = to.address.kind() == bight::address_kind::ip6;
  if ((family == bight::address_family::ip6 && ip4) ||
      (family == bight::address_family::ip4 && ip6))
    refuse(to.str(),
           fmt::format("not an IPv{0} address, but -{0} is given", static_cast<int>(*family)));
}

std::string name_of(protocol proto, const address& at) {
  if (at.is_unix()) return "unix";
  return proto == protocol::tcp ? "tcp" : proto == protocol::udp ? "udp" : "tls";
}

std::string url_of(protocol proto, const address& at) {
  return at.is_unix() ? at.str() : name_of(proto, at) + "://" + at.str();
}

std::string target::str() const { return url_of(proto, address); }

}  // namespace tool
