// SPDX-License-Identifier: MIT
// Greets every TCP client by the name that it sends, until it says "exit".
#include <bight/bight.hpp>
using namespace bight;

task<> greet(tcp::stream peer) {
  print("Accept new connection from {}...", peer.remote());
  co_await peer.send("Welcome");
  while (auto said = co_await peer.recv(1024)) {
    co_await sleep(1s);
    if (said == "exit") break;
    co_await peer.send("Hello, ", said);
  }
  print("Connection from {} closed.", peer.remote());
}

int main(int argc, char** argv) {
  auto ready = [](const address&) { print("Waiting for connection..."); };
  return run(tcp::serve(argc > 1 ? argv[1] : "127.0.0.1:9999", greet, {.on_listening = ready}));
}
