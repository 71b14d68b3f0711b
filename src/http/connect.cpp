// SPDX-License-Identifier: MIT
#include "http/connect.hpp"

#include <bight/deadline.hpp>

#include "http/fields.hpp"

namespace bight::http {

namespace {

BIGHT_CORO_WRAPPER task<> ask_proxy(stream& wire, address to, proxy via, limits max) {
  if (via.what == proxy::kind::socks5) return ask_socks_proxy(wire, std::move(to), std::move(via));
  return ask_http_proxy(wire, std::move(to), std::move(via), max);
}

}  // namespace

task<stream> connect(url to, proxy via, options how) {
  const bool direct = via.what == proxy::kind::none;
  const address at = direct ? to.at() : via.at;
  stream wire = co_await tcp::connect(at, how.connect);
  if (via.what != proxy::kind::none && (to.secure() || via.what == proxy::kind::socks5)) {
    const auto tunnel =
        co_await attempt(within(how.timeouts.greeting, ask_proxy(wire, to.at(), via, how.limits)));
    if (!tunnel)
      throw in_terms_of("ask the proxy " + via.at.str() + " for " + to.origin(), tunnel.error());
  }
  if (!to.secure()) co_return std::move(wire);
  how.tls.name.clear();
  how.tls.protocols.assign(1, "http/1.1");
  co_return co_await tls::connect(std::move(wire), to.at(), std::move(how.tls));
}

}  // namespace bight::http
