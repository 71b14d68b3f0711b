// SPDX-License-Identifier: MIT
// A test of your own server on a bad network: two hosts, 5 % loss, a partition in the middle.
// Time is virtual and everything follows from the seed, so every failure can be reproduced.
#include <bight/bight.hpp>
#include <bight/sim.hpp>

#include <cstdlib>
using namespace bight;

task<> greet(stream peer) {
  reader in(peer);
  while (auto name = co_await in.read_line()) co_await peer.send("Hello, ", *name, "!\n");
}

task<> serve_greetings() { co_await tcp::serve(":9999", greet); }

task<int> ask_a_hundred_times() {
  auto server = co_await tcp::connect("server:9999");
  reader answers(server);
  int right = 0;
  for (int i = 0; i < 100; ++i) {
    const std::string name = "client " + std::to_string(i);
    co_await server.send(name, "\n");
    auto answer = co_await answers.read_line();
    if (answer && *answer == "Hello, " + name + "!") ++right;
    co_await sleep(100ms);
  }
  co_return right;
}

int main(int argc, char** argv) {
  const std::uint64_t seed = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 7;
  sim::world net({.seed = seed});
  auto& server = net.add("server");
  auto& client = net.add("client");
  net.between(server, client) = {.latency = 20ms, .jitter = 5ms, .loss = 0.05};
  server.start(serve_greetings);
  net.after(2s, [&] { net.partition(server, client); });
  net.after(5s, [&] { net.heal(); });

  const int right = client.run(ask_a_hundred_times());
  print("seed {}: {} of 100 answers are right, after {:.1f} virtual seconds", seed, right,
        std::chrono::duration<double>(net.now()).count());
  return right == 100 ? 0 : 1;
}
