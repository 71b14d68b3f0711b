// SPDX-License-Identifier: MIT
//
// A server that is drained while it has much to do: not one more session, never more than its
// limit, and an end in time.

#include "scenario/scenario.hpp"

#include <optional>

namespace scenario {

namespace {

constexpr std::size_t sessions_max = 2;
constexpr duration grace = 2s;

struct server_state {
  std::size_t live = 0;
  std::size_t served = 0;
  std::optional<std::size_t> drained_with;
  std::optional<duration> drained_at;
};

struct counted {
  explicit counted(std::size_t& n) : count(n) { ++count; }
  counted(const counted&) = delete;
  ~counted() { --count; }
  std::size_t& count;
};

struct echo {
  server_state* s;

  task<> operator()(tcp::stream peer) const {
    sim::require(!s->drained_at, "no session begins after the drain has begun");
    const counted here(s->live);
    ++s->served;
    sim::require(s->live <= sessions_max, "never more sessions than the limit");
    while (auto bytes = co_await peer.recv()) co_await peer.send(bytes);
  }
};

serve_options options_of(sim::world& net, server_state& s) {
  serve_options o = quiet();
  o.max_connections = sessions_max;
  o.grace = grace;
  o.on_drain = [&net, &s](std::size_t sessions) {
    s.drained_with = sessions;
    s.drained_at = net.now();
    sim::require(sessions == s.live, "a drain is told how many sessions are left");
  };
  return o;
}

task<> one_visit(unsigned& visits) {
  auto server = co_await tcp::connect("server:9999");
  for (int i = 0; i < 3; ++i) {
    co_await server.send("hello");
    reader in(server);
    auto back = co_await in.read_exactly(5);
    sim::require(back == "hello", "what comes back is what was said");
  }
  ++visits;
}

// Comes again and again, until the server has gone.
task<> regular(sim::world& net, const server_state& s, unsigned& visits) {
  while (!s.drained_at || net.now() < *s.drained_at + 2 * grace) {
    auto ended = co_await attempt(within(3s, one_visit(visits)));
    if (!ended && ended.error().is(errc::cancelled)) co_return;
    co_await sleep(200ms);
  }
}

}  // namespace

void drained(sim::world& net, unsigned size) {
  auto& server = net.add("server");
  auto& client = net.add("client");
  server_state s;
  unsigned visits = 0;
  stage on(net);
  on.start(server,
           [&net, &s]() -> task<> { co_await tcp::serve(":9999", echo{&s}, options_of(net, s)); });
  for (unsigned i = 0; i < size; ++i)
    on.start(client, [&net, &s, &visits]() -> task<> { co_await regular(net, s, visits); });
  net.after(net.random("drain").log_uniform(duration(10ms), duration(3s)),
            [&server] { server.signal(15); });
  on.drive([&] { return !server.running(); });
  if (on.is_cut()) return;
  sim::require(s.drained_at.has_value(), "the server ends by its drain");
  sim::require(net.now() <= *s.drained_at + grace + 1s, "a drain ends when its grace is over");
  sim::require(s.live == 0, "no session outlives its server");
  const bool undisturbed = net.faults().on.empty() && *s.drained_at > 1s;
  sim::require(!undisturbed || visits > sessions_max,
               "a server that is full goes on when a session ends");
  on.drive([&] { return !client.running(); });
}

}  // namespace scenario
