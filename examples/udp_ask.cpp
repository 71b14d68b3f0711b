// SPDX-License-Identifier: MIT
// Asks a UDP server, and asks again if no answer arrives: a datagram may be lost.
#include <bight/bight.hpp>
using namespace bight;

task<udp::datagram> question(udp::socket& server, std::string_view name) {
  co_await server.send(name);
  co_return co_await server.recv();
}

task<int> ask(address at, std::string name) {
  auto server = co_await udp::connect(at);
  for (duration wait = 250ms; wait <= 1s; wait *= 2) {
    auto answer = co_await attempt(within(wait, question(server, name)));
    if (answer) {
      print(*answer);
      co_return 0;
    }
    print("{}", answer.error().what());
    if (answer.error().is(errc::refused)) co_await sleep(wait);  // give it a moment to start
  }
  co_return 1;
}

int main(int argc, char** argv) {
  return run(ask(argc > 1 ? argv[1] : "127.0.0.1:9999", argc > 2 ? argv[2] : "dbb"));
}
