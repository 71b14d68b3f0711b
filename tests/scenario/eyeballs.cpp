// SPDX-License-Identifier: MIT
//
// Happy Eyeballs: a name with addresses of both families, each of which may be unknown, slow to
// look up, or lead nowhere. Whatever can be reached is, and soon.

#include "scenario/scenario.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace scenario {

namespace {

constexpr duration latency = 10ms;
constexpr duration time_limit = 10s;

struct family_state {
  sim::name_options::answer answer{};
  duration look_up{};
  bool path_works = true;
  [[nodiscard]] bool reachable() const {
    return answer == sim::name_options::answer::found && path_works;
  }
};

family_state drawn(sim::random_stream& draw) {
  using answer = sim::name_options::answer;
  family_state f;
  f.answer = draw.chance(0.6) ? answer::found : static_cast<answer>(draw.below(4));
  f.look_up = draw.log_uniform(duration(100us), duration(2s));
  f.path_works = draw.chance(0.6);
  return f;
}

struct tell_family {
  const char* digit;
  std::size_t* live;
  task<> operator()(tcp::stream peer) const {
    ++*live;
    struct leave {
      std::size_t* live;
      ~leave() { --*live; }
    } const at_end{live};
    co_await peer.send(digit);
    while (auto ignored = co_await peer.recv()) {}
  }
};

task<> look(sim::world& net, family_state f4, family_state f6, bool& done) {
  const duration began = net.now();
  tcp::connect_options how;
  how.timeout = time_limit;
  auto connected = co_await attempt(tcp::connect("www.example.org:80", how));
  const duration took = net.now() - began;
  const bool reachable = f4.reachable() || f6.reachable();
  // RFC 8305: IPv4 alone waits 50 ms for IPv6, an attempt has 250 ms of head start, and a
  // connection takes a round trip. Nothing else may hold it up.
  constexpr duration slack = 5ms;
  const duration by4 = f4.look_up + 50ms + 250ms + 2 * latency;
  const duration by6 = f6.look_up + 250ms + 2 * latency;
  const duration soon =
      std::min(f4.reachable() ? by4 : time_limit, f6.reachable() ? by6 : time_limit);
  sim::require(took <= soon + slack, fmt::format("it took {} ms", took / 1ms));
  sim::require(connected.has_value() == reachable, "what can be reached is reached, and no more");
  if (connected) {
    auto digit = co_await connected->recv();
    const bool is4 = connected->remote().kind() == address_kind::ip4;
    sim::require(digit == (is4 ? "4" : "6"), "the connection is the one that it says");
    sim::require(is4 ? f4.reachable() : f6.reachable(), "and one that can be");
  }
  done = true;
}

}  // namespace

void eyeballs(sim::world& net, unsigned) {
  auto& four = net.add("four", {.ip6 = false});
  auto& six = net.add("six");
  auto& client = net.add("client");
  net.between(client, four) = {.latency = latency};
  net.between(client, six) = {.latency = latency};
  auto draw = net.random("eyeballs");
  const family_state f4 = drawn(draw);
  const family_state f6 = drawn(draw);
  std::vector<address> addresses{six.ip6(80), four.ip4(80)};
  net.name("www.example.org", std::move(addresses), {f4.look_up, f6.look_up, f4.answer, f6.answer});
  if (!f4.path_works) net.partition(client, four);
  if (!f6.path_works) net.partition(client, six);
  std::size_t live = 0;
  bool done = false;
  stage on(net);
  on.start(four, [&live]() -> task<> {
    tell_family tell{"4", &live};
    co_await tcp::serve(":80", tell, quiet());
  });
  on.start(six, [&live]() -> task<> {
    tell_family tell{"6", &live};
    co_await tcp::serve(":80", tell, quiet());
  });
  on.start(client, [&net, f4, f6, &done]() -> task<> { co_await look(net, f4, f6, done); });
  on.drive([&] { return done; });
  if (on.is_cut()) return;
  // Whoever lost the race has been closed, and its server is told.
  const duration over = net.now() + 1s;
  on.drive([&] { return net.now() >= over || live == 0; });
  sim::require(live == 0, "no connection is left of a race");
}

}  // namespace scenario
