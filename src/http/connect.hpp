// SPDX-License-Identifier: MIT
#pragma once

/// Opens the connection for a URL: directly or through a proxy, with or without TLS.

#include <bight/http.hpp>
#include <bight/stream.hpp>

#include "base/names.hpp"

#include <string>

namespace bight::http {

/// Connects to the server of `to` or to the proxy, then asks the proxy for a tunnel if it needs
/// one, then does the TLS handshake for https.
[[nodiscard]] task<stream> connect(url to, proxy via, options how);

/// Asks an HTTP proxy for a tunnel to `to` (CONNECT, RFC 9110 §9.3.6). `wire` is borrowed.
///
/// errors  proxy_refused, malformed, over_limit, and those of the stream.
[[nodiscard]] task<> ask_http_proxy(stream& wire, address to, proxy via, limits max);

/// Asks a SOCKS5 proxy for a tunnel (RFC 1928, RFC 1929). `wire` is borrowed.
///
/// errors  proxy_refused, malformed, and those of the stream.
[[nodiscard]] task<> ask_socks_proxy(stream& wire, address to, proxy via);

}  // namespace bight::http
