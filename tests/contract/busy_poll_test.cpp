// SPDX-License-Identifier: MIT
// A loop that looks for work before it sleeps does all that one does that sleeps at once.
#include "contract/contract.hpp"

#include <ctime>

namespace contract {

static double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

static task<> echo_once_each(int count) {
  auto both = co_await connected();
  for (int i = 0; i < count; ++i) {
    co_await both.here.send("ping");
    EXPECT_EQ(co_await recv_exactly(both.there, 4), "ping");
  }
}

TEST(busy_poll, serves_sockets_and_timers) {
  runner looking({.busy_poll = 1s});
  looking.run(echo_once_each(100));
  looking.run([]() -> task<> {
    const auto late = co_await attempt(within(5ms, sleep(10s)));
    EXPECT_TRUE(fails(late, errc::timed_out));
  }());
}

TEST(busy_poll, gives_up_and_sleeps) {
  runner looking({.busy_poll = 2ms});
  const double before = cpu_seconds();
  looking.run([]() -> task<> { co_await sleep(300ms); }());
  EXPECT_LT(cpu_seconds() - before, 0.15);
}

TEST(busy_poll, polls_without_sleeping) {
  runner looking({.busy_poll = 10s});
  const double before = cpu_seconds();
  looking.run([]() -> task<> { co_await sleep(100ms); }());
  // Were it to sleep, this would take some microseconds.
  EXPECT_GT(cpu_seconds() - before, 0.002);
}

// A drain stops the loops of a server's threads from outside; each of them is looking.
TEST(busy_poll, is_stopped_from_outside_at_once) {
  runner looking({.busy_poll = 60s});
  looking.run([]() -> task<> {
    served s;
    serve_options options = s.options();
    options.threads = 2;
    auto echo = [](stream peer) -> task<> {
      while (auto got = co_await peer.recv()) co_await peer.send(got);
    };
    auto ask = [](served& of) -> task<> {
      auto peer = co_await tcp::connect(of.at.front());
      co_await expect_echo(peer, "hello");
    };
    const auto start = std::chrono::steady_clock::now();
    co_await serve_for(s, tcp::serve("127.0.0.1:0", echo, options), ask(s));
    EXPECT_LT(std::chrono::steady_clock::now() - start, 30s);
  }());
}

}  // namespace contract
