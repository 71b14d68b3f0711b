// SPDX-License-Identifier: MIT
#include "open_connection.hpp"

#include "text.hpp"

#include <bight/resolve.hpp>
#include <bight/tcp.hpp>

#include <fmt/core.h>

namespace tool {

using namespace bight;

namespace {

BIGHT_CORO_WRAPPER task<stream> connect(const target& to, connection_options options) {
  tcp::connect_options tcp_options;
  tcp_options.family = options.family;
  if (options.timeout) tcp_options.timeout = options.tls.timeout = *options.timeout;
  if (to.proto != protocol::tls) return tcp::connect(to.address, std::move(tcp_options));
  return tls::connect(to.address, std::move(options.tls), std::move(tcp_options));
}

}  // namespace

task<stream> open_connection(target to, connection_options options, const console& log) {
  check_client(to, options.family);
  stream peer = co_await connect(to, std::move(options));
  if (log.verbose || log.json) {
    const address remote = peer.remote();
    const std::string at = url_of(to.proto, to.is_unix() ? to.address : remote);
    log.detail(fmt::format("Connected to {}", at));
    log.event("connected", {{"proto", name_of(to.proto, to.address)}, {"peer", at}});
    if (const auto agreed = tls::info(peer))
      log.detail(fmt::format("{}, {}, certificate of {}, pin {}", agreed->protocol, agreed->cipher,
                             shown(agreed->peer), agreed->pin));
  }
  co_return peer;
}

task<std::vector<address>> datagram_addresses(target to, std::optional<address_family> family) {
  check_client(to, family);
  std::vector<address> found;
  if (to.address.kind() == bight::address_kind::any) {
    // This machine only. Without a connect, both families have to be tried.
    if (family != address_family::ip6)
      found.push_back(address("127.0.0.1:1").with_port(to.address.port()));
    if (family != address_family::ip4)
      found.push_back(address("[::1]:1").with_port(to.address.port()));
  } else if (family && to.address.is_name()) {
    found = co_await resolve(to.address, *family);
  } else {
    found.push_back(to.address);  // for a name, the library uses the first address that has a route
  }
  co_return found;
}

}  // namespace tool
