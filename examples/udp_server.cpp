// SPDX-License-Identifier: MIT
// Greets every UDP client by the name that it sends.
#include <bight/bight.hpp>
using namespace bight;

task<> greet(udp::request asked) {
  print("Received from {}.", asked.from());
  co_await asked.reply("Hello, ", asked.data(), "!");
}

int main(int argc, char** argv) {
  auto ready = [](const address& at) { print("Bind UDP on {}...", at.port()); };
  return run(udp::serve(argc > 1 ? argv[1] : "127.0.0.1:9999", greet, {.on_listening = ready}));
}
