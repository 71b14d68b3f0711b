// SPDX-License-Identifier: MIT
// Sends two names to the TCP server and prints the answers.
#include <bight/bight.hpp>
using namespace bight;

task<> talk(std::string at) {
  auto server = co_await tcp::connect(at);
  print(co_await server.recv(1024));
  for (auto name : {"dbb", "lily"}) {
    co_await server.send(name);
    print(co_await server.recv(1024));
  }
  co_await server.send("exit");
}

int main(int argc, char** argv) { return run(talk(argc > 1 ? argv[1] : "127.0.0.1:9999")); }
