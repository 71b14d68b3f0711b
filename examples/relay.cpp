// SPDX-License-Identifier: MIT
// Forwards every connection to another address: TCP or a unix socket, in either direction.
#include <bight/bight.hpp>
using namespace bight;

task<> copy(tcp::stream& from, tcp::stream& to) {
  while (auto bytes = co_await from.recv()) co_await to.send(bytes);
  to.shutdown_send();  // the other direction goes on
}

struct relay {
  address target;

  task<> operator()(tcp::stream client) const {
    auto server = co_await tcp::connect(target);
    auto carried = co_await attempt(all(copy(client, server), copy(server, client)));
    if (carried) co_return;
    client.abort();  // an incomplete copy must not look complete
    server.abort();
  }
};

int main(int argc, char** argv) {
  if (argc != 3) {
    print("usage: relay FROM TO, for example: relay 127.0.0.1:8000 unix:/run/app.sock");
    return 2;
  }
  serve_options options;
  options.on_listening = [](const address& from) { print("Relaying from {}", from); };
  return run(tcp::serve(argv[1], relay{argv[2]}, options));
}
