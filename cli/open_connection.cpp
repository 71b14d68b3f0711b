// SPDX-License-Identifier: MIT
#include "open_connection.hpp"

#include "text.hpp"

#include <bight/resolve.hpp>
#include <bight/tcp.hpp>

#include <fmt/core.h>

namespace tool {

using namespace bight;

namespace {

BIGHT_CORO_WRAPPER task<stream> connect(const target& to, dial_options options) {
  tcp::connect_options below;
  below.family = options.family;
  if (options.timeout) below.timeout = options.tls.timeout = *options.timeout;
  if (to.proto != protocol::tls) return tcp::connect(to.at, std::move(below));
  return tls::connect(to.at, std::move(options.tls), std::move(below));
}

}  // namespace

task<stream> dial(target to, dial_options options, const console& voice) {
  check_client(to, options.family);
  auto connecting = connect(to, std::move(options));
  stream peer = co_await std::move(connecting);
  if (voice.verbose || voice.json) {
    const address remote = peer.remote();
    const std::string at = url_of(to.proto, to.is_local() ? to.at : remote);
    voice.detail(fmt::format("Connected to {}", at));
    voice.event("connected", {{"proto", name_of(to.proto, to.at)}, {"peer", at}});
    if (const auto agreed = tls::about(peer))
      voice.detail(fmt::format("{}, {}, certificate of {}, pin {}", agreed->protocol,
                               agreed->cipher, shown(agreed->peer), agreed->pin));
  }
  co_return peer;
}

task<std::vector<address>> datagram_addresses(target to, int family) {
  check_client(to, family);
  std::vector<address> found;
  if (to.at.what() == address::kind::any) {
    // This machine alone. Nobody can be asked in advance, so the families take turns.
    if (family != 6) found.push_back(address("127.0.0.1:1").with_port(to.at.port()));
    if (family != 4) found.push_back(address("[::1]:1").with_port(to.at.port()));
  } else if (family != 0 && to.at.is_name()) {
    found = co_await resolve(to.at, family);
  } else {
    found.push_back(to.at);  // of a name, the library takes the first address with a route
  }
  co_return found;
}

}  // namespace tool
