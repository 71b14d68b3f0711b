// SPDX-License-Identifier: MIT
#include "http/dial.hpp"

#include <bight/deadline.hpp>

#include "http/fields.hpp"

namespace bight::http {

task<stream> dial(url to, proxy by, options how) {
  if (to.secure())
    throw error(bight::errc::not_supported, "connect " + to.origin(), 0,
                "TLS is not in this build");
  const bool direct = by.what == proxy::kind::none;
  const address at = direct ? to.at() : by.at;
  auto connecting = tcp::connect(at, how.connect);
  stream wire = co_await std::move(connecting);
  if (by.what == proxy::kind::socks5) {
    auto asking = within(how.timeouts.greeting, ask_socks_proxy(wire, to.at(), by));
    co_await std::move(asking);
  } else if (by.what == proxy::kind::http && to.secure()) {
    auto asking = within(how.timeouts.greeting, ask_http_proxy(wire, to.at(), by, how.limits));
    co_await std::move(asking);
  }
  co_return wire;
}

}  // namespace bight::http
