// SPDX-License-Identifier: MIT
// Which TCP ports of a host are open: 500 at a time, printed in order.
#include <bight/bight.hpp>
using namespace bight;

using probes = queue<child<bool>>;

task<bool> is_open(address at) {
  auto peer = co_await attempt(within(2s, tcp::connect(at)));
  if (peer) co_return peer->local() != at;  // in a scan of one's own machine: not to itself
  if (peer.error().is(errc::refused) || peer.error().is(errc::timed_out)) co_return false;
  throw error(peer.error());
}

task<> print_open(probes& running) {
  for (int port = 1; auto probe = co_await running.pop(); ++port)
    if (co_await *probe) print("{}", port);
}

task<> scan(address host) {
  const address at = (co_await resolve(host)).front();
  probes running(498);  // of the 500, one more is pushed and one was popped
  auto all_ports = [&running, &at](scope& s) -> task<> {
    s.spawn(print_open(running));
    for (unsigned port = 1; port <= 65535; ++port)
      co_await running.push(s.spawn(is_open(at.with_port(static_cast<std::uint16_t>(port)))));
    running.close();
  };
  co_await in_scope(all_ports);
}

int main(int argc, char** argv) {
  return run(scan(std::string(argc > 1 ? argv[1] : "127.0.0.1") + ":1"));
}
