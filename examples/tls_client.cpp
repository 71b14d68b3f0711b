// SPDX-License-Identifier: MIT
// The client of tls_server: tls_client ADDRESS PIN. Without a pin, the system must trust the
// certificate, and it must be valid for the host of the address.
#include <bight/bight.hpp>
using namespace bight;

task<> talk(std::string server, std::string pin) {
  tls::connect_options trust;
  if (!pin.empty()) trust.pins.push_back(pin);
  auto peer = co_await tls::connect(server, trust);
  print("{}, {}", tls::info(peer)->protocol, tls::info(peer)->cipher);
  print(co_await peer.recv(1024));
  for (auto name : {"dbb", "lily"}) {
    co_await peer.send(name);
    print(co_await peer.recv(1024));
  }
  co_await peer.send("exit");
}

int main(int argc, char** argv) {
  return run(talk(argc > 1 ? argv[1] : "127.0.0.1:9443", argc > 2 ? argv[2] : ""));
}
