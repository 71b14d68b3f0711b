// SPDX-License-Identifier: MIT
#pragma once

/// What the tests of simulated worlds share: two hosts, and a connection between them.

#include <bight/bight.hpp>
#include <bight/sim.hpp>

#include <gtest/gtest.h>

#include <string>

namespace bight::sim_test {

/// Two hosts, ten milliseconds from one another. Each test runs both sides as it needs them.
struct two_hosts {
  explicit two_hosts(sim::world_options options = sim::world_options())
      : net(options), a(net.add("a")), b(net.add("b")) {
    net.between(a, b) = {.latency = 10ms};
  }
  sim::world net;
  sim::host& a;
  sim::host& b;
};

template <class T>
testing::AssertionResult fails(const result<T>& outcome, errc expected) {
  if (outcome) return testing::AssertionFailure() << "it succeeded";
  if (outcome.error().is(expected)) return testing::AssertionSuccess();
  return testing::AssertionFailure() << outcome.error().what();
}

inline task<std::string> recv_all(stream& from) {
  std::string all;
  while (auto bytes = co_await from.recv()) all += bytes.view();
  co_return all;
}

inline task<> echo(stream peer) {
  while (auto bytes = co_await peer.recv()) co_await peer.send(bytes);
}
inline serve_options silent() {
  serve_options o;
  o.on_error = [](const address&, const error&) {};
  return o;
}
inline task<> serve_echo() { co_await tcp::serve(":7", echo, silent()); }

inline task<> sleep_for(duration d) { co_await sleep(d); }

/// Talks to serve_echo() of b.
inline task<> chat(int rounds) {
  auto peer = co_await tcp::connect("b:7");
  for (int i = 0; i < rounds; ++i) {
    co_await peer.send(std::to_string(i));
    co_await peer.recv();
  }
}

/// A program that accepts one connection at port 1 and hands it to `f`.
template <task<> (*F)(stream)>
task<> accept_one() {
  auto listening = co_await tcp::listen(":1");
  auto peer = co_await listening.accept();
  co_await F(std::move(peer));
}

}  // namespace bight::sim_test
