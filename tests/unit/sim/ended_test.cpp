// SPDX-License-Identifier: MIT
// What a world still answers once it has ended, and what it refuses.
#include "unit/sim/net.hpp"

#include <bight/resolve.hpp>
#include <bight/stdio.hpp>

#include <memory>
#include <optional>

#include <unistd.h>

namespace bight::sim_test {
namespace {

task<> print_hello() {
  auto out = co_await stdio::open(1);
  co_await out.send("hello\n");
  co_await sleep(1s);
}

TEST(sim_ended, a_world_answers_its_questions) {
  two_hosts w({.seed = 3});
  w.b.start(serve_echo);
  w.a.run(print_hello());
  const std::uint64_t events = w.net.events();
  w.net.end();
  w.net.end();  // does nothing
  EXPECT_EQ(w.net.now(), 1s);
  EXPECT_EQ(w.net.seed(), 3u);
  EXPECT_GE(w.net.events(), events);
  EXPECT_NE(w.net.hash(), 0u);
  EXPECT_EQ(w.net.faults_struck(), 0u);
  static_cast<void>(w.net.faults());
  EXPECT_EQ(w.net.alive(), sim::census());
  EXPECT_EQ(w.net.waiting(), "");
  EXPECT_NE(w.net.random("x").next(), w.net.random("y").next());
  EXPECT_EQ(w.a.output(1), "hello\n");
  EXPECT_EQ(w.a.name(), "a");
  EXPECT_EQ(w.b.ip4(7).str(), "10.0.0.2:7");
  EXPECT_FALSE(w.b.running());
  w.net.trace_to(nullptr);
}

TEST(sim_ended, two_runs_can_be_compared_after_their_ends) {
  std::uint64_t hashes[2];
  for (std::uint64_t& hash : hashes) {
    two_hosts w;
    w.b.start(serve_echo);
    w.a.run(chat(3));
    w.net.end();
    hash = w.net.hash();
  }
  EXPECT_EQ(hashes[0], hashes[1]);
}

// It may refer to what dies before the world.
TEST(sim_ended, a_world_has_released_its_programs) {
  const auto kept = std::make_shared<int>(1);
  two_hosts w;
  w.b.start([kept]() -> task<> { co_await sleep(1h); });
  w.net.after(1h, [kept] {});
  w.net.run_for(1s);
  w.net.end();
  EXPECT_EQ(kept.use_count(), 1);
}

void look_at_what_is_left_over() {
  std::optional<stream> kept;
  {
    two_hosts w;
    w.b.start(serve_echo);
    const auto body = [](std::optional<stream>& into) -> task<> {
      into.emplace(co_await tcp::connect("b:7"));
    };
    w.a.run(body(kept));
    EXPECT_THROW(w.net.end(), sim::failure);
    EXPECT_EQ(w.net.alive().sockets, 1u);
    EXPECT_NE(w.net.hash(), 0u);
  }
  kept.reset();
  _exit(testing::Test::HasFailure() ? 1 : 0);
}

// Whoever has it may use it still, and it is told once. The world stays behind for it, which is a
// leak: in a process of its own.
TEST(sim_ended, leftovers_can_be_inspected) {
  EXPECT_EXIT(look_at_what_is_left_over(), testing::ExitedWithCode(0), "");
}

using change = void (*)(two_hosts&);

TEST(sim_ended, a_world_that_is_changed_ends_the_program) {
  constexpr change changes[] = {
      [](two_hosts& w) { w.net.add("c"); },
      [](two_hosts& w) { w.a.run(sleep_for(1s)); },
      [](two_hosts& w) { w.a.start(serve_echo); },
      [](two_hosts& w) { w.a.signal(15); },
      [](two_hosts& w) { w.a.kill(); },
      [](two_hosts& w) { w.a.crash(); },
      [](two_hosts& w) { w.a.restart(); },
      [](two_hosts& w) { w.a.resume(); },
      [](two_hosts& w) { w.a.step_clock(1s); },
      [](two_hosts& w) { w.a.type("x"); },
      [](two_hosts& w) { w.net.run_for(1s); },
      [](two_hosts& w) { w.net.run_until([] { return true; }); },
      [](two_hosts& w) { w.net.after(1s, [] {}); },
      [](two_hosts& w) { w.net.between(w.a, w.b) = {.latency = 1ms}; },
      [](two_hosts& w) { w.net.partition(w.a, w.b); },
      [](two_hosts& w) { w.net.heal(); },
      [](two_hosts& w) { w.net.name("x", {}); },
      [](two_hosts& w) { w.net.note("x"); },
  };
  for (const change f : changes) {
    two_hosts w;
    w.net.end();
    EXPECT_DEATH(f(w), "a world is used after its end");
  }
}

// Counts calls that fail with cancelled. Each ends at once: the host has been killed.
task<> go_on_after_the_end(int& cancelled) {
  auto listening = co_await tcp::listen(":1");
  auto datagrams = co_await udp::bind(":1");
  const auto note = [&cancelled](const auto& outcome) {
    EXPECT_TRUE(fails(outcome, errc::cancelled));
    ++cancelled;
  };
  auto accepting = attempt(listening.accept());
  note(co_await std::move(accepting));
  auto receiving = attempt(datagrams.recv());
  note(co_await std::move(receiving));
  auto connecting = attempt(tcp::connect("10.0.0.1:7"));
  note(co_await std::move(connecting));
  auto looking = attempt(resolve("a:1"));
  note(co_await std::move(looking));
  auto waiting = attempt(next_signal());
  note(co_await std::move(waiting));
}

struct goes_on {
  int* cancelled;
  BIGHT_CORO_WRAPPER task<> operator()() const { return go_on_after_the_end(*cancelled); }
};

TEST(sim_ended, a_program_that_goes_on_after_its_end_is_cancelled_at_each_step) {
  two_hosts w;
  int cancelled = 0;
  w.b.start(goes_on{&cancelled});
  w.net.run_for(1s);
  EXPECT_EQ(cancelled, 0);
  w.b.kill();
  EXPECT_EQ(cancelled, 5);
  EXPECT_FALSE(w.b.running());
}

task<> kill_its_own_host(sim::host& host) {
  host.kill();
  co_return;
}

task<> run_inside(sim::host& host) {
  host.run(sleep_for(1s));
  co_return;
}

TEST(sim_misuse, ends_the_program_with_a_message) {
  two_hosts w;
  EXPECT_DEATH(w.a.run(kill_its_own_host(w.a)), "a program ends its own host: let world::after");
  EXPECT_DEATH(w.a.run(run_inside(w.a)), "host::run from inside a program");
  EXPECT_DEATH(static_cast<void>(w.a.output(3)), "output: 1 or 2");
  EXPECT_DEATH(
      {
        w.net.after(1s, [&w] { w.net.run_for(1s); });
        w.net.run_for(2s);
      },
      "a world is driven from inside itself");
}

}  // namespace
}  // namespace bight::sim_test
