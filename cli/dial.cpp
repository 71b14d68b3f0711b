// SPDX-License-Identifier: MIT
#include "dial.hpp"

#include <bight/resolve.hpp>
#include <bight/tcp.hpp>

#include <fmt/core.h>

namespace tool {

using namespace bight;

task<stream> dial(target to, dial_options options, const console& voice) {
  check_client(to, options.family);
  tcp::connect_options how;
  how.family = options.family;
  if (options.timeout) how.timeout = *options.timeout;
  stream peer = co_await tcp::connect(to.at, how);
  if (voice.verbose || voice.json) {
    const address remote = peer.remote();
    const std::string at = url_of(to.proto, to.is_local() ? to.at : remote);
    voice.detail(fmt::format("Connected to {}", at));
    voice.event("connected", {{"proto", name_of(to.proto, to.at)}, {"peer", at}});
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
