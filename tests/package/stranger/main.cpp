// SPDX-License-Identifier: MIT
//
// More awaits than a stack has room for, then a greeting across loopback.

#include <bight/bight.hpp>

using namespace bight;

task<int> one() { co_return 1; }

task<> count() {
  int total = 0;
  for (int i = 0; i < 1'000'000; ++i) total += co_await one();
  print("counted {}", total);
}

task<> greet() {
  tcp::listener door = co_await tcp::listen("127.0.0.1:0");
  tcp::stream client = co_await tcp::connect(door.local());
  tcp::stream server = co_await door.accept();
  co_await server.send("Welcome");
  print("received {}", co_await client.recv(1024));
}

task<> both() {
  co_await count();
  co_await greet();
}

int main() { return run(both()); }
