// SPDX-License-Identifier: MIT
// What a world does beside carrying bytes: time, names, processes, limits, reports.
#include "unit/sim/net.hpp"

#include <csignal>

namespace bight::sim_test {
namespace {

double ms(duration d) { return std::chrono::duration<double, std::milli>(d).count(); }

TEST(sim_world, an_hour_of_sleep_costs_nothing) {
  two_hosts w;
  w.a.run(sleep_for(1h));
  EXPECT_EQ(w.net.now(), 1h);
}

TEST(sim_world, a_task_returns_its_value_or_error) {
  two_hosts w;
  const auto value = []() -> task<int> { co_return 7; };
  const auto error = []() -> task<> {
    throw bight::error(errc::cut_short, "test");
    co_return;
  };
  EXPECT_EQ(w.a.run(value()), 7);
  EXPECT_THROW(w.a.run(error()), bight::error);
  EXPECT_EQ(w.a.run(value()), 7);
}

TEST(sim_world, calls_come_in_time_and_in_order) {
  two_hosts w;
  std::string order;
  w.net.after(2s, [&] { order += "b"; });
  w.net.after(1s, [&] { order += "a"; });
  w.net.after(2s, [&] { order += "c"; });
  w.net.run_for(3s);
  EXPECT_EQ(order, "abc");
  EXPECT_EQ(w.net.now(), 3s);
}

std::uint64_t hash_of_a_run(std::uint64_t seed) {
  two_hosts w({.seed = seed, .faults = sim::fault_plan::drawn(seed)});
  w.b.start(serve_echo);
  const auto body = []() -> task<> { static_cast<void>(co_await attempt(within(1h, chat(50)))); };
  w.a.run(body());
  return w.net.hash();
}

TEST(sim_world, one_seed_is_one_history) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed)
    ASSERT_EQ(hash_of_a_run(seed), hash_of_a_run(seed)) << "seed " << seed;
  EXPECT_NE(hash_of_a_run(1), hash_of_a_run(2));
}

TEST(sim_world, the_trace_has_every_event_with_its_number_and_hash) {
  struct listener : sim::sink {
    void on_event(const sim::trace_event& e) override {
      EXPECT_EQ(e.number, ++count);
      hash = e.hash;
      text += e.str() + "\n";
    }
    std::uint64_t count = 0;
    std::uint64_t hash = 0;
    std::string text;
  } told;
  two_hosts w;
  w.net.trace_to(&told);
  w.b.start(serve_echo);
  w.a.run(chat(1));
  w.net.note("the scenario's own");
  EXPECT_EQ(told.count, w.net.events());
  EXPECT_EQ(told.hash, w.net.hash());
  for (const char* part : {"b starts", "syn ", "syn-ack", "1 bytes at 0 \"0\"", "scenario's own"})
    EXPECT_NE(told.text.find(part), std::string::npos) << part << "\n" << told.text;
  w.net.trace_to(nullptr);
}

// ── Names ───────────────────────────────────────────────────────────────────────────────────────

TEST(sim_world, names_are_looked_up_with_their_own_delays_and_faults) {
  two_hosts w;
  w.b.start(serve_echo);
  w.net.name("www.example.org", {w.b.ip4(), w.b.ip6()}, {.latency6 = 3s});
  w.net.name("no6.example.org", {w.b.ip4()});
  w.net.name(
      "bad.example.org", {w.b.ip4()},
      {.answer4 = sim::name_options::answer::failed, .answer6 = sim::name_options::answer::failed});
  const auto body = [](two_hosts& of) -> task<> {
    const duration start = of.net.now();
    auto peer = co_await tcp::connect("www.example.org:7");
    EXPECT_EQ(peer.remote(), of.b.ip4(7));  // IPv6's answer is late: RFC 8305 §3
    EXPECT_NEAR(ms(of.net.now() - start), 1 + 50 + 20, 0.1);
    EXPECT_EQ((co_await resolve("no6.example.org:80")).size(), 1u);
    auto bad = co_await attempt(resolve("bad.example.org:80"));
    EXPECT_TRUE(fails(bad, errc::name_unavailable));
    auto none = co_await attempt(resolve("nowhere.example.org:80"));
    EXPECT_TRUE(fails(none, errc::name_not_found));
    auto cut = co_await attempt(within(1ns, resolve("www.example.org:80", address_family::ip4)));
    EXPECT_TRUE(fails(cut, errc::timed_out));
  };
  w.a.run(body(w));
}

TEST(sim_world, a_broken_ip6_path_costs_the_attempt_delay) {
  two_hosts w;
  const auto only4 = []() -> task<> { co_await tcp::serve("10.0.0.2:7", echo, silent()); };
  w.b.start(only4);
  w.net.name("www.example.org", {w.b.ip4(), "[fd00::dead]:0"});
  const auto body = [](two_hosts& of) -> task<> {
    auto peer = co_await tcp::connect("www.example.org:7");
    EXPECT_EQ(peer.remote(), of.b.ip4(7));
  };
  w.a.run(body(w));
  EXPECT_NEAR(ms(w.net.now()), 1 + 250 + 20, 0.1);
}

// ── Processes ───────────────────────────────────────────────────────────────────────────────────

TEST(sim_world, a_signal_drains_a_server_and_ends_a_program_that_waits_for_none) {
  two_hosts w;
  w.b.start(serve_echo);
  w.a.start([]() -> task<> { co_await sleep(1h); });
  w.net.run_for(1s);
  w.b.signal(SIGTERM);
  w.a.signal(SIGTERM);
  w.net.run_for(1s);
  EXPECT_FALSE(w.b.running());
  EXPECT_FALSE(w.a.running());
}

TEST(sim_world, a_restart_starts_the_same_programs) {
  two_hosts w;
  w.b.start(serve_echo);
  for (int i = 0; i < 5; ++i) {
    w.a.run(chat(3));
    i % 2 == 0 ? w.b.kill() : w.b.crash();
    EXPECT_FALSE(w.b.running());
    w.b.restart();
  }
  w.a.run(chat(3));
}

TEST(sim_world, all_loops_of_a_server_are_killed) {
  two_hosts w;
  w.b.start([]() -> task<> {
    serve_options three = silent();
    three.threads = 3;
    co_await tcp::serve(":7", echo, three);
  });
  for (int i = 0; i < 4; ++i) {
    w.a.run(chat(2));
    i % 2 == 0 ? w.b.kill() : w.b.crash();
    EXPECT_FALSE(w.b.running());
    w.b.restart();
    w.net.run_for(100ms);
  }
  w.a.run(chat(2));
}

TEST(sim_world, every_moment_of_a_conversation_survives_a_crash_of_the_peer) {
  for (int us = 0; us < 200'000; us += 997) {
    two_hosts w;
    w.b.start(serve_echo);
    w.net.after(std::chrono::microseconds(us), [&w] { w.b.crash(); });
    w.net.after(1s, [&w] { w.b.restart(); });
    const auto body = []() -> task<> { static_cast<void>(co_await attempt(within(1h, chat(3)))); };
    w.a.run(body());
  }
}

TEST(sim_world, a_task_whose_host_is_killed_fails) {
  two_hosts w;
  w.net.after(1s, [&w] { w.a.kill(); });
  EXPECT_THROW(w.a.run(sleep_for(1h)), sim::failure);
}

TEST(sim_world, a_paused_host_continues_where_it_was) {
  two_hosts w;
  w.b.start(serve_echo);
  w.net.after(35ms, [&w] { w.b.pause(); });
  w.net.after(10s, [&w] { w.b.resume(); });
  w.a.run(chat(3));
  EXPECT_GT(w.net.now(), 10s);
}

TEST(sim_world, a_clock_jump_expires_timers_at_once) {
  two_hosts w;
  w.net.after(1s, [&w] { w.a.step_clock(1h); });
  w.a.run(sleep_for(30min));
  EXPECT_EQ(w.net.now(), 1s);
}

TEST(sim_world, standard_streams_are_text) {
  two_hosts w;
  const auto cat = []() -> task<> {
    auto in = co_await stdio::open(0);
    auto out = co_await stdio::open(1);
    EXPECT_TRUE(out.can_send());
    while (auto bytes = co_await in.recv()) co_await out.send("<", bytes, ">");
  };
  w.a.type("one");
  w.net.after(1s, [&w] { w.a.type("two"); });
  w.net.after(2s, [&w] { w.a.end_input(); });
  w.a.run(cat());
  EXPECT_EQ(w.a.output(), "<one><two>");
  EXPECT_EQ(w.net.now(), 2s);
}

TEST(sim_world, threads_of_a_server_are_loops_of_its_host) {
  two_hosts w;
  w.b.start([]() -> task<> {
    serve_options four = silent();
    four.threads = 4;
    co_await tcp::serve(":7", echo, four);
  });
  for (int i = 0; i < 20; ++i) w.a.run(chat(2));
  w.b.signal(SIGTERM);
  w.net.run_for(20s);
  EXPECT_FALSE(w.b.running());
}

}  // namespace
}  // namespace bight::sim_test
