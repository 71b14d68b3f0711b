// SPDX-License-Identifier: MIT
#include "http/dial.hpp"

#include <bight/deadline.hpp>

#include "http/fields.hpp"

namespace bight::http {

namespace {

BIGHT_CORO_WRAPPER task<> ask_proxy(stream& wire, address to, proxy by, limits max) {
  if (by.what == proxy::kind::socks5) return ask_socks_proxy(wire, std::move(to), std::move(by));
  return ask_http_proxy(wire, std::move(to), std::move(by), max);
}

}  // namespace

task<stream> dial(url to, proxy by, options how) {
  const bool direct = by.what == proxy::kind::none;
  const address at = direct ? to.at() : by.at;
  stream wire = co_await tcp::connect(at, how.connect);
  if (by.what != proxy::kind::none && (to.secure() || by.what == proxy::kind::socks5)) {
    const auto asked =
        co_await attempt(within(how.timeouts.greeting, ask_proxy(wire, to.at(), by, how.limits)));
    if (!asked)
      throw in_terms_of("ask the proxy " + by.at.str() + " for " + to.origin(), asked.error());
  }
  if (!to.secure()) co_return std::move(wire);
  how.tls.name.clear();
  how.tls.protocols.assign(1, "http/1.1");
  co_return co_await tls::connect(std::move(wire), to.at(), std::move(how.tls));
}

}  // namespace bight::http
