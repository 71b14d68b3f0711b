// SPDX-License-Identifier: MIT
#include <bight/address.hpp>
#include <bight/error.hpp>
#include <bight/machinery/addresses.hpp>

#include "base/check.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include <fmt/format.h>

namespace bight {

namespace {

constexpr std::size_t name_max = 253;  // RFC 1035 §2.3.4, as text
constexpr std::size_t label_max = 63;  // RFC 1035 §2.3.4
constexpr std::size_t path_max = 107;  // sun_path without its NUL: unix(7)

[[noreturn]] void refuse(std::string_view text, std::string_view reason) {
  throw error(errc::bad_address, fmt::format("address \"{}\"", printable(text)), 0, reason);
}

// Digits only and in range: no sign, no space, no 0x.
std::optional<unsigned> decimal(std::string_view s, unsigned max) {
  unsigned value = 0;
  const auto [end, failed] = std::from_chars(s.data(), s.data() + s.size(), value);
  if (s.empty() || s[0] == '-' || failed != std::errc() || end != s.data() + s.size() ||
      value > max)
    return std::nullopt;
  return value;
}

std::optional<std::array<std::uint8_t, 4>> parse_ip4(std::string_view s) {
  std::array<std::uint8_t, 4> bytes{};
  for (std::size_t i = 0; i < 4; ++i) {
    const std::size_t dot = i < 3 ? s.find('.') : s.size();
    if (dot == std::string_view::npos) return std::nullopt;
    const std::string_view part = s.substr(0, dot);
    const auto value = decimal(part, 255);
    const bool leading_zero =
        part.size() > 1 && part[0] == '0';  // octal to some parsers, decimal to others
    if (!value || part.size() > 3 || leading_zero) return std::nullopt;
    bytes[i] = static_cast<std::uint8_t>(*value);
    s.remove_prefix(i < 3 ? dot + 1 : dot);
  }
  return bytes;
}

// RFC 4291 §2.2: eight groups of hexadecimal, one "::" for a run of zeros, IPv4 at the end.
std::optional<std::array<std::uint8_t, 16>> parse_ip6(std::string_view s) {
  std::array<std::uint8_t, 16> bytes{};
  std::size_t filled = 0;
  std::optional<std::size_t> gap;
  if (s.starts_with("::")) {
    gap = 0;
    s.remove_prefix(2);
  }
  while (!s.empty()) {
    const std::size_t colon = s.find(':');
    const std::string_view group = s.substr(0, colon);
    if (group.find('.') != std::string_view::npos) {
      const auto v4 = parse_ip4(s);
      if (!v4 || filled > 12) return std::nullopt;
      for (const std::uint8_t b : *v4) bytes[filled++] = b;
      break;
    }
    unsigned value = 0;
    const auto [end, failed] =
        std::from_chars(group.data(), group.data() + group.size(), value, 16);
    if (group.empty() || group.size() > 4 || group[0] == '-' || failed != std::errc() ||
        end != group.data() + group.size() || filled > 14)
      return std::nullopt;
    bytes[filled++] = static_cast<std::uint8_t>(value >> 8);
    bytes[filled++] = static_cast<std::uint8_t>(value & 0xFF);
    if (colon == std::string_view::npos) break;
    s.remove_prefix(colon + 1);
    if (s.starts_with(':')) {
      if (gap) return std::nullopt;
      gap = filled;
      s.remove_prefix(1);
    } else if (s.empty()) {
      return std::nullopt;  // a trailing single colon
    }
  }
  if (!gap) return filled == 16 ? std::optional(bytes) : std::nullopt;
  if (filled > 14) return std::nullopt;  // "::" stands for at least one group
  const std::size_t tail = filled - *gap;
  for (std::size_t i = 0; i < tail; ++i) {
    bytes[15 - i] = bytes[filled - 1 - i];
    if (filled - 1 - i < 16 - tail) bytes[filled - 1 - i] = 0;
  }
  return bytes;
}

// ::ffff:a.b.c.d, RFC 4291 §2.5.5.2.
bool is_mapped(const std::array<std::uint8_t, 16>& ip) noexcept {
  constexpr std::array<std::uint8_t, 12> prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  return std::equal(prefix.begin(), prefix.end(), ip.begin());
}

bool valid_name(std::string_view s) {
  if (s.ends_with('.')) s.remove_suffix(1);  // fully qualified
  if (s.empty() || s.size() > name_max) return false;
  while (true) {
    const std::size_t dot = s.find('.');
    const std::string_view label = s.substr(0, dot);
    if (label.empty() || label.size() > label_max || label.front() == '-' || label.back() == '-')
      return false;
    for (const char c : label) {
      const bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_';
      if (!ok) return false;
    }
    if (dot == std::string_view::npos) break;
    s.remove_prefix(dot + 1);
  }
  return true;
}

// Some resolvers read a name with a numeric last label as an IPv4 address ("127.1", "0x7f.1"). Such
// hosts are rejected, by the same test as WHATWG URL §3.5.
bool looks_numeric(std::string_view s) {
  if (s.ends_with('.')) s.remove_suffix(1);
  const std::size_t dot = s.rfind('.');
  const std::string_view last = dot == std::string_view::npos ? s : s.substr(dot + 1);
  if (last.empty()) return false;
  if (last.starts_with("0x") || last.starts_with("0X")) return true;
  return last.find_first_not_of("0123456789") == std::string_view::npos;
}

// The kernel's rule for interface names (dev_valid_name), restricted to ASCII.
bool valid_interface(std::string_view s) {
  if (s.empty() || s.size() > 15) return false;  // IFNAMSIZ without its NUL
  if (s.find_first_not_of("0123456789") == std::string_view::npos)
    return false;  // an index out of range
  for (const char c : s)
    if (c <= ' ' || c > '~' || c == '/' || c == '%' || c == '[' || c == ']') return false;
  return true;
}

// RFC 6761 §6.3. Case-insensitive; a trailing dot is allowed.
bool is_localhost(std::string_view s) {
  constexpr std::string_view localhost = "localhost";
  if (s.ends_with('.')) s.remove_suffix(1);
  if (s.size() != localhost.size()) return false;
  for (std::size_t i = 0; i < s.size(); ++i)
    if ((s[i] | 0x20) != localhost[i]) return false;
  return true;
}

}  // namespace

address::address(std::string_view text) {
  if (text.find('\0') != std::string_view::npos) refuse(text, "it contains a NUL byte");
  if (text.starts_with("unix:")) {
    *this = unix_socket(std::string(text.substr(5)));
    return;
  }
  if (text.empty()) refuse(text, "it is empty; write host:port, for example 127.0.0.1:9999");
  const std::size_t colon = text.rfind(':');
  const std::size_t bracket = text.rfind(']');
  if (colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket))
    refuse(text, "the port is missing; write host:port, for example 127.0.0.1:9999");
  const auto port = decimal(text.substr(colon + 1), 65535);
  if (!port)
    refuse(text, fmt::format("\"{}\" is not a port; ports are 0 to 65535",
                             printable(text.substr(colon + 1))));
  port_ = static_cast<std::uint16_t>(*port);
  std::string_view host = text.substr(0, colon);
  if (host.empty()) {
    kind_ = address_kind::any;
    return;
  }
  if (host.front() == '[') {
    if (host.back() != ']') refuse(text, "the bracket of the IPv6 address is not closed");
    host = host.substr(1, host.size() - 2);
    const std::size_t percent = host.find('%');
    if (percent != std::string_view::npos) {
      const std::string_view zone = host.substr(percent + 1);
      if (const auto index = decimal(zone, std::numeric_limits<std::uint32_t>::max()))
        scope_ = *index;
      else if (valid_interface(zone))
        text_ = rare_text(zone);
      else
        refuse(text, "the part after % is not the name or number of an interface");
      host = host.substr(0, percent);
    }
    const auto v6 = parse_ip6(host);
    if (!v6) refuse(text, "the text in the brackets is not an IPv6 address");
    if (is_mapped(*v6)) {
      *this = ip6(*v6, port_);
      return;
    }
    kind_ = address_kind::ip6;
    ip_ = *v6;
    return;
  }
  if (host.find(':') != std::string_view::npos)
    refuse(text, "an IPv6 address needs brackets: [::1]:9999");
  if (const auto v4 = parse_ip4(host)) {
    *this = ip4(*v4, port_);
    return;
  }
  if (looks_numeric(host))
    refuse(text, "not an IPv4 address: write four decimal numbers, each 0 to 255");
  if (!valid_name(host)) refuse(text, "the host is neither an IP address nor a valid name");
  kind_ = address_kind::name;
  text_ = rare_text(host);
}

address address::ip4(std::array<std::uint8_t, 4> bytes, std::uint16_t port) noexcept {
  address a;
  a.kind_ = address_kind::ip4;
  a.port_ = port;
  for (std::size_t i = 0; i < 4; ++i) a.ip_[i] = bytes[i];
  return a;
}

address address::ip6(std::array<std::uint8_t, 16> bytes, std::uint16_t port,
                     std::uint32_t scope) noexcept {
  if (is_mapped(bytes)) return ip4({bytes[12], bytes[13], bytes[14], bytes[15]}, port);
  address a;
  a.kind_ = address_kind::ip6;
  a.port_ = port;
  a.ip_ = bytes;
  a.scope_ = scope;
  return a;
}

address address::unix_socket(std::string path) {
  if (path.empty()) refuse("unix:", "the path of the socket is missing");
  if (path.size() > path_max)
    refuse("unix:" + path,
           fmt::format("the path has {} bytes; unix sockets allow {}", path.size(), path_max));
  // A NUL would end a file name. Abstract names carry a length and may contain NUL: unix(7).
  if (path[0] != '@' && path.find('\0') != std::string::npos)
    refuse("unix:" + path, "it contains a NUL byte");
  address a;
  a.kind_ = address_kind::unix_socket;
  a.text_ = rare_text(path);
  return a;
}

const std::string* address::rare_text::copied() const { return new std::string(*text_); }
void address::rare_text::free() noexcept { delete text_; }

bool address::is_loopback() const noexcept {
  if (kind_ == address_kind::unix_socket) return true;
  if (kind_ == address_kind::ip4) return ip_[0] == 127;
  if (kind_ == address_kind::name) return is_localhost(text_.view());
  constexpr std::array<std::uint8_t, 16> one{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return kind_ == address_kind::ip6 && ip_ == one;
}

address address::with_port(std::uint16_t port) const {
  address a = *this;
  a.port_ = port;
  return a;
}

address address::source() const {
  if (!has_source_) return {};
  if (kind_ == address_kind::ip4)
    return ip4({source_ip_[0], source_ip_[1], source_ip_[2], source_ip_[3]}, 0);
  return ip6(source_ip_, 0, source_scope_);
}

address address::with_source(const address& local) const {
  check(is_ip() && local.kind_ == kind_, "a source is an IP address of its target's family");
  address a = *this;
  a.set_source(local.ip_, local.scope_);
  return a;
}

std::string address::host() const {
  switch (kind_) {
    case address_kind::ip4: return fmt::format("{}.{}.{}.{}", ip_[0], ip_[1], ip_[2], ip_[3]);
    case address_kind::name:
    case address_kind::unix_socket: return std::string(text_.view());
    case address_kind::ip6: break;
    default: return {};
  }
  // RFC 5952: lower case; the longest run of two or more zero groups becomes "::".
  std::array<unsigned, 8> groups{};
  for (std::size_t i = 0; i < 8; ++i) groups[i] = ip_[2 * i] * 256u + ip_[2 * i + 1];
  std::size_t best = 8;
  std::size_t best_length = 1;
  for (std::size_t i = 0; i < 8;) {
    std::size_t end = i;
    while (end < 8 && groups[end] == 0) ++end;
    if (end - i > best_length) {
      best = i;
      best_length = end - i;
    }
    i = end + 1;
  }
  std::string text;
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == best) {
      text += "::";
      i += best_length - 1;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ':';
    text += fmt::format("{:x}", groups[i]);
  }
  if (!text_.view().empty())
    text += fmt::format("%{}", text_.view());
  else if (scope_ != 0)
    text += fmt::format("%{}", scope_);
  return text;
}

std::string address::str() const {
  switch (kind_) {
    case address_kind::none: return "(no address)";
    case address_kind::unix_socket: return fmt::format("unix:{}", text_.view());
    case address_kind::ip6: return fmt::format("[{}]:{}", host(), port_);
    default: return fmt::format("{}:{}", host(), port_);
  }
}

std::vector<address> machinery::addresses::parse() && {
  if (is_text_) parsed_.emplace_back(text_);
  return std::move(parsed_);
}

}  // namespace bight
