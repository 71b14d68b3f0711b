// SPDX-License-Identifier: MIT
#include "http/host.hpp"

#include <bight/error.hpp>
#include <bight/url.hpp>

#include "base/text.hpp"
#include "http/fields.hpp"

#include <fmt/format.h>
#include <idn2.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <new>

namespace bight::http {

namespace {

/// The size of 253 characters with four bytes each in UTF-8.
constexpr std::size_t name_bytes_max = 1012;

[[noreturn]] void refuse(std::string_view reason) {
  throw error(bight::errc::bad_address, "", 0, reason);
}

int hexadecimal(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_ascii(std::string_view s) noexcept {
  return std::all_of(s.begin(), s.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 128; });
}

// Whether the name has deviation characters of UTS 46, which transitional processing replaces.
bool has_deviations(std::string_view name) noexcept {
  for (const std::string_view c : {"\u00DF", "\u03C2", "\u200C", "\u200D"})
    if (name.find(c) != std::string_view::npos) return true;
  return false;
}

std::uint16_t parse_port(std::string_view text) {
  unsigned port = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (failed != std::errc() || end != text.data() + text.size() || port > 65535)
    refuse(fmt::format("\"{}\" is not a port; ports are 1 to 65535", printable(text)));
  if (port == 0) refuse("port 0 is not a port to connect to");
  return static_cast<std::uint16_t>(port);
}

struct idn2_deleter {
  void operator()(char* text) const noexcept { idn2_free(text); }
};

// RFC 6874 §2 requires "%25eth0". People, curl and getaddrinfo(3) write "%eth0".
std::string with_plain_zone(std::string_view brackets) {
  const std::size_t percent = brackets.find('%');
  if (percent == std::string_view::npos) return std::string(brackets);
  std::string_view zone = brackets.substr(percent + 1);
  if (zone.starts_with("25") && zone.size() > 3) zone.remove_prefix(2);  // with the "]"
  return std::string(brackets.substr(0, percent + 1)) + percent_decoded(zone);
}

address parsed(const std::string& host, std::uint16_t port) {
  // "unix:80" is the address of a unix socket.
  if (host == "unix") refuse("\"unix\" alone is not a host here; write its full name");
  try {
    return {fmt::format("{}:{}", host, port)};
  } catch (const error& e) {
    throw in_terms_of("", e);
  }
}

}  // namespace

std::string percent_decoded(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hexadecimal(text[i + 1]) : -1;
    const int low = high >= 0 ? hexadecimal(text[i + 2]) : -1;
    if (low < 0) {
      bytes += text[i];
      continue;
    }
    bytes += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return bytes;
}

std::string ascii_host(std::string_view name) {
  if (is_ascii(name)) return std::string(name);
  const auto refuse_name = [name](std::string_view reason) {
    throw error(bight::errc::bad_address, fmt::format("host \"{}\"", printable(name)), 0, reason);
  };
  if (name.size() > name_bytes_max) refuse_name("the name is too long");
  const std::string text(name);
  if (text.find('\0') != std::string::npos) refuse_name("it contains a NUL byte");
  char* made = nullptr;
  int outcome = idn2_to_ascii_8z(text.c_str(), &made, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  // libidn2 refuses symbols that UTS 46 allows and that real domains contain, such as emoji.
  // Transitional processing allows them, and differs only in the deviation characters.
  if (outcome == IDN2_DISALLOWED && !has_deviations(name))
    outcome = idn2_to_ascii_8z(text.c_str(), &made, IDN2_TRANSITIONAL);
  const std::unique_ptr<char, idn2_deleter> owned(made);
  if (outcome == IDN2_MALLOC) throw std::bad_alloc();
  if (outcome != IDN2_OK)
    refuse_name(fmt::format("not an international domain name: {}", idn2_strerror(outcome)));
  return owned.get();
}

address host_and_port(std::string_view place, std::uint16_t port) {
  const std::size_t bracket = place.rfind(']');
  const std::size_t colon = place.rfind(':');
  const bool has_colon =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  if (!has_colon) return host_address(place, port);
  const std::string_view text = place.substr(colon + 1);
  // "host:" means the default port (RFC 3986 §3.2.3).
  return host_address(place.substr(0, colon), text.empty() ? port : parse_port(text));
}

address host_address(std::string_view host, std::uint16_t port) {
  if (host.starts_with('[')) return parsed(with_plain_zone(host), port);
  std::string name;
  try {
    name = ascii_host(percent_decoded(host));
  } catch (const error& e) {
    throw in_terms_of("", e);
  }
  std::transform(name.begin(), name.end(), name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (name.empty()) refuse("the host is missing; write http://host/path");
  // Brackets that were percent-encoded do not enclose an IPv6 address.
  if (name.starts_with('[')) refuse("the host is neither an IP address nor a valid name");
  return parsed(name, port);
}

}  // namespace bight::http
