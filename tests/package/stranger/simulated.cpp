// SPDX-License-Identifier: MIT
//
// A greeting across a simulated network.

#include <bight/bight.hpp>
#include <bight/sim.hpp>

using namespace bight;

task<> greet(tcp::stream peer) { co_await peer.send("Welcome"); }

task<> serve() { co_await tcp::serve(":9999", greet); }

task<> ask() {
  tcp::stream server = co_await tcp::connect("server:9999");
  print("received {}", co_await server.recv(1024));
}

int main() {
  sim::world net;
  net.add("server").start(serve);
  net.add("client").run(ask());
}
