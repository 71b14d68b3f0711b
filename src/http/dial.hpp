// SPDX-License-Identifier: MIT
#pragma once

/// Getting a connection over which a URL can be asked for: straight or by a proxy, with TLS or
/// without.

#include <bight/http.hpp>
#include <bight/stream.hpp>

#include "base/names.hpp"

#include <string>

namespace bight::http {

/// Connects, speaks to the proxy, and shakes hands, as far as each is called for.
[[nodiscard]] task<stream> dial(url to, proxy by, options how);

/// Asks an HTTP proxy for a tunnel to `to` (CONNECT, RFC 9110 §9.3.6). `wire` is borrowed.
///
/// errors  proxy_refused, malformed, over_limit, those of the stream.
[[nodiscard]] task<> ask_http_proxy(stream& wire, address to, proxy by, limits max);

/// The same of a SOCKS5 proxy (RFC 1928, RFC 1929).
///
/// errors  proxy_refused, malformed, those of the stream.
[[nodiscard]] task<> ask_socks_proxy(stream& wire, address to, proxy by);

}  // namespace bight::http
