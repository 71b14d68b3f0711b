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

/// The port of the seed's servers: what an address without one means.
inline constexpr std::uint16_t default_port = 9999;

/// A place to listen or to connect to. Of kind any (":9999") it is this machine alone: 127.0.0.1
/// and ::1. A unix socket counts as tcp, a stream, or as tls over it.
struct target {
  protocol proto = protocol::tcp;
  bight::address at;

  [[nodiscard]] bool is_local() const noexcept { return at.is_local(); }
  /// As one would type it: "tcp://127.0.0.1:9999", "unix:/run/x.sock".
  [[nodiscard]] std::string str() const;
};

/// Reads an address as typed.
///
/// assumed  what an address without a scheme means: tcp, udp with -u, tls with --tls. A scheme that
///          says otherwise than such a flag is refused.
/// errors   a usage failure that names what was wrong and how to write it.
[[nodiscard]] target parse_target(std::string_view text, protocol assumed);

/// Scheme and rest of `text`: "tcp" and "host:9"; "" when there is none.
struct schemed {
  std::string scheme;
  std::string_view rest;
};
[[nodiscard]] schemed split_scheme(std::string_view text);

/// `host`, `host:port` or `:port` as an address; `port` when it names none.
[[nodiscard]] bight::address parse_host_port(std::string_view text, std::uint16_t port);

/// Checks what can be known before connecting: port 0, and an address of the other family than
/// `family` (4, 6, or 0 for both).
///
/// errors  a usage failure.
void check_client(const target& to, int family);

/// "tcp://[::1]:9999": how a socket's address is shown.
[[nodiscard]] std::string url_of(protocol proto, const bight::address& at);
/// "tcp", "udp", "tls" or "unix".
[[nodiscard]] std::string name_of(protocol proto, const bight::address& at);

}  // namespace tool
