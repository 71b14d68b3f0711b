// SPDX-License-Identifier: MIT
#pragma once

/// Two ends of one connection with TLS, in one loop.

#include "contract/contract.hpp"

#include <optional>

namespace contract {

/// Puts TLS over both ends: `here` becomes the server.
task<ends> tls_over(ends below);

/// A pair over TCP on loopback: `here` is the server, `there` the client.
task<ends> connected_by_tls();

/// A server with a certificate made on the spot, and clients that trust its key.
struct tls_fixture {
  tls_fixture();
  [[nodiscard]] std::string pin() const { return server.pin(); }
  /// Another connection to the same listener.
  [[nodiscard]] task<ends> connect();

  tls::acceptor server;
  tls::connect_options options;
  std::optional<tcp::listener> listening;
};

}  // namespace contract
