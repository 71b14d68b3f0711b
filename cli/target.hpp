// SPDX-License-Identifier: MIT
#pragma once

/// The address grammar of the tool: `[tcp|udp|tls|unix|http|https]://host:port`, `host:port`,
/// `:port`.

#include <bight/address.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace tool {

enum class protocol : std::uint8_t { tcp, udp, tls };

/// The default port, that of the tutorial's servers in tests/seed.
inline constexpr std::uint16_t default_port = 9999;

/// An address to listen on or connect to. An address without a host (":9999") means this machine:
/// 127.0.0.1 and ::1. The protocol of a unix socket is tcp, or tls with --tls.
struct target {
  protocol proto = protocol::tcp;
  bight::address address;

  [[nodiscard]] bool is_unix() const noexcept { return address.is_unix(); }
  /// "tcp://127.0.0.1:9999", "unix:/run/x.sock".
  [[nodiscard]] std::string str() const;
};

/// Parses an address as typed.
///
/// assumed  the protocol of an address without a scheme: tcp, udp with -u, tls with --tls. A scheme
///          that contradicts the flag is refused.
/// errors   a usage failure that says what is wrong and how to write it.
[[nodiscard]] target parse_target(std::string_view text, protocol assumed);

/// Splits `text` into scheme and rest: "tcp" and "host:9"; the scheme may be "".
struct schemed {
  std::string scheme;
  std::string_view rest;
};
[[nodiscard]] schemed split_scheme(std::string_view text);

/// Parses `host`, `host:port` or `:port`; `port` is the default.
[[nodiscard]] bight::address parse_host_port(std::string_view text, std::uint16_t port);

/// Refuses port 0, and an address that is not of `family`, if that is set.
///
/// errors  a usage failure.
void check_client(const target& to, std::optional<bight::address_family> family);

/// "tcp://[::1]:9999": an address as printed.
[[nodiscard]] std::string url_of(protocol proto, const bight::address& at);
/// "tcp", "udp", "tls" or "unix".
[[nodiscard]] std::string name_of(protocol proto, const bight::address& at);

}  // namespace tool
