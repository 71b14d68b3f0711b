// SPDX-License-Identifier: MIT
// Sends two names to the UDP server and prints the answers.
#include <bight/bight.hpp>
using namespace bight;

task<> talk(std::string at) {
  auto server = co_await udp::connect(at);
  for (auto name : {"dbb", "lily"}) {
    co_await server.send(name);
    print(co_await within(5s, server.recv(1024)));
  }
}

int main(int argc, char** argv) { return run(talk(argc > 1 ? argv[1] : "127.0.0.1:9999")); }
