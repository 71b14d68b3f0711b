// SPDX-License-Identifier: MIT
// A fault that is over is over: whatever is sent, or sent again, after it meets a good network.
#include "unit/sim/net.hpp"

namespace bight::sim_test {
namespace {

const sim::path_options good{.latency = 10ms};
const sim::path_options dead{.latency = 10ms, .loss = 1};

double seconds(duration d) { return std::chrono::duration<double>(d).count(); }

// Sends `text` to b, `at` after the connection, and waits until it has come back.
task<> send_at(duration at, std::string text) {
  auto peer = co_await tcp::connect("10.0.0.2:7");
  co_await sleep(at);
  co_await peer.send(text);
  std::size_t got = 0;
  while (got < text.size()) {
    const lease bytes = co_await peer.recv();
    if (bytes.empty()) break;
    got += bytes.size();
  }
  EXPECT_EQ(got, text.size());
}

TEST(sim_healing, a_segment_lost_in_a_short_outage_is_sent_again_after_it) {
  two_hosts w;
  w.b.start(serve_echo);
  w.net.after(900ms, [&w] { w.net.between(w.a, w.b) = dead; });
  w.net.after(1200ms, [&w] { w.net.between(w.a, w.b) = good; });
  w.a.run(send_at(1s - 20ms, "x"));
  EXPECT_NEAR(seconds(w.net.now()), 1.24, 0.001);  // RTO: 20 ms and 200 ms, then a round trip
}

TEST(sim_healing, of_many_segments_lost_in_an_outage_none_waits_for_more_than_two_time_outs) {
  two_hosts w;
  w.b.start(serve_echo);
  w.net.after(900ms, [&w] { w.net.between(w.a, w.b) = dead; });
  w.net.after(1300ms, [&w] { w.net.between(w.a, w.b) = good; });
  w.a.run(send_at(980ms, std::string(200'000, 'x')));
  EXPECT_LT(w.net.now(), 2s);
}

TEST(sim_healing, the_retransmission_timeout_doubles_during_an_outage) {
  two_hosts w;
  w.b.start(serve_echo);
  w.net.after(900ms, [&w] { w.net.between(w.a, w.b) = dead; });
  w.net.after(10s, [&w] { w.net.between(w.a, w.b) = good; });
  w.a.run(send_at(980ms, "x"));
  // 220 ms, 440 ms, 880 ms, ... after 1 s: the sixth retransmission is the first that arrives.
  EXPECT_NEAR(seconds(w.net.now()), 1 + 0.22 * 63 + 0.02, 0.001);
}

TEST(sim_healing, an_outage_that_never_ends_times_out_after_15_minutes) {
  two_hosts w;
  w.b.start(serve_echo);
  const auto body = [](two_hosts& of) -> task<> {
    auto peer = co_await tcp::connect("10.0.0.2:7");
    of.net.after(0s, [&of] { of.net.between(of.a, of.b) = dead; });
    co_await sleep(1s);
    co_await peer.send("anybody?");
    auto got = co_await attempt(peer.recv());
    EXPECT_TRUE(fails(got, errc::timed_out));
  };
  w.a.run(body(w));
  EXPECT_NEAR(seconds(w.net.now()), 946, 10);  // tcp(7), tcp_retries2: 924.6 s from 200 ms on
}

// ── Beginnings and ends ─────────────────────────────────────────────────────────────────────────

task<> connect_once() { static_cast<void>(co_await tcp::connect("10.0.0.2:7")); }

TEST(sim_healing, a_request_for_a_connection_is_sent_again_after_a_second) {
  two_hosts w;
  w.b.start(serve_echo);
  w.net.between(w.a, w.b) = dead;
  w.net.after(500ms, [&w] { w.net.between(w.a, w.b) = good; });
  w.a.run(connect_once());
  EXPECT_EQ(w.net.now(), 1020ms);
}

TEST(sim_healing, after_a_lost_syn_ack_the_handshake_is_retried) {
  for (const bool cut : {true, false}) {
    two_hosts w;
    w.b.start(serve_echo);
    w.net.run_for(1ms);
    if (cut)
      w.net.partition_one_way(w.b, w.a);
    else
      w.net.one_way(w.b, w.a) = dead;
    w.net.after(499ms, [&w] {
      w.net.heal();
      w.net.between(w.a, w.b) = good;
    });
    w.a.run(connect_once());
    EXPECT_NEAR(seconds(w.net.now()), 1.021, 0.001) << cut;
  }
}

TEST(sim_healing, after_a_lost_refusal_the_connect_is_sent_again) {
  two_hosts w;
  w.net.one_way(w.b, w.a) = dead;
  w.net.after(500ms, [&w] { w.net.between(w.a, w.b) = good; });
  const auto body = []() -> task<> {
    auto refused = co_await attempt(tcp::connect("10.0.0.2:7"));
    EXPECT_TRUE(fails(refused, errc::refused));
  };
  w.a.run(body());
  EXPECT_EQ(w.net.now(), 1020ms);
}

TEST(sim_healing, bytes_stand_in_for_a_lost_end_of_the_handshake) {
  two_hosts w;
  w.b.start(serve_echo);
  w.net.after(15ms, [&w] { w.net.one_way(w.a, w.b) = dead; });
  w.net.after(50ms, [&w] { w.net.one_way(w.a, w.b) = good; });
  w.a.run(send_at(100ms, "x"));
  EXPECT_EQ(w.net.now(), 140ms);
}

TEST(sim_healing, an_end_lost_in_an_outage_comes_after_it) {
  two_hosts w;
  w.b.start(serve_echo);
  w.net.after(900ms, [&w] { w.net.partition(w.a, w.b); });
  w.net.after(1200ms, [&w] { w.net.heal(); });
  const auto body = []() -> task<> {
    auto peer = co_await tcp::connect("10.0.0.2:7");
    co_await sleep(980ms);
    peer.shutdown_send();
    EXPECT_TRUE((co_await peer.recv()).empty());
  };
  w.a.run(body());
  EXPECT_NEAR(seconds(w.net.now()), 1.24, 0.001);
}

TEST(sim_healing, a_lost_reset_is_reported_at_the_retransmission) {
  two_hosts w;
  w.b.start(serve_echo);
  const auto body = [](two_hosts& of) -> task<> {
    auto peer = co_await tcp::connect("10.0.0.2:7");
    co_await sleep(1s);
    of.net.after(0s, [&of] { of.b.crash(); });
    of.net.after(1s, [&of] {
      of.b.restart();
      of.net.partition_one_way(of.b, of.a);
    });
    of.net.after(5s, [&of] { of.net.heal(); });
    co_await sleep(2s);
    co_await peer.send("anybody?");
    auto got = co_await attempt(peer.recv());
    EXPECT_TRUE(fails(got, errc::reset));
  };
  w.a.run(body(w));
  EXPECT_LT(w.net.now(), 15s);
}

TEST(sim_healing, a_reset_by_a_program_that_ended_is_reported_at_the_retransmission) {
  two_hosts w;
  const auto leaves = []() -> task<> {
    auto listening = co_await tcp::listen(":7");
    { auto peer = co_await listening.accept(); }
    co_await sleep(1h);
  };
  w.b.start(leaves);
  const auto body = [](two_hosts& of) -> task<> {
    auto peer = co_await tcp::connect("10.0.0.2:7");
    EXPECT_TRUE((co_await peer.recv()).empty());
    of.net.after(0s, [&of] { of.net.partition_one_way(of.b, of.a); });
    of.net.after(1s, [&of] { of.net.heal(); });
    co_await sleep(10ms);
    co_await peer.send("into the void");
    co_await sleep(10s);
    auto sent = co_await attempt(peer.send("x"));
    EXPECT_TRUE(fails(sent, errc::closed));
  };
  w.a.run(body(w));
}

// ── The way back ────────────────────────────────────────────────────────────────────────────────

TEST(sim_healing, a_lost_window_update_is_probed_for) {
  two_hosts w;
  const auto read_late = []() -> task<> {
    auto listening = co_await tcp::listen(":7");
    auto peer = co_await listening.accept();
    co_await sleep(10s);
    while (auto bytes = co_await peer.recv()) static_cast<void>(bytes);
  };
  w.b.start(read_late);
  w.net.after(5s, [&w] { w.net.partition_one_way(w.b, w.a); });
  w.net.after(20s, [&w] { w.net.heal(); });
  const auto body = []() -> task<> {
    auto peer = co_await tcp::connect("10.0.0.2:7");
    const std::string much(2'000'000, 'x');
    co_await peer.send(much);
  };
  w.a.run(body());
  EXPECT_GT(w.net.now(), 20s);
  EXPECT_LT(w.net.now(), 60s);
}

TEST(sim_healing, without_acknowledgements_a_send_fails_at_the_user_timeout) {
  two_hosts w;
  w.b.start(serve_echo);
  const auto body = [](two_hosts& of) -> task<> {
    auto peer = co_await tcp::connect("10.0.0.2:7");
    peer.set(options::user_timeout, 5000);
    of.net.after(0s, [&of] { of.net.partition_one_way(of.b, of.a); });
    co_await sleep(1s);
    co_await peer.send("it arrives, and nobody can tell");
    auto got = co_await attempt(peer.recv());
    EXPECT_TRUE(fails(got, errc::timed_out));
  };
  w.a.run(body(w));
  EXPECT_NEAR(seconds(w.net.now()), 6, 0.5);
}

// ── Narrow, slow and late ───────────────────────────────────────────────────────────────────────

TEST(sim_healing, bytes_queued_on_a_narrow_path_arrive_when_it_is_wide) {
  two_hosts w;
  w.b.start(serve_echo);
  w.net.between(w.a, w.b) = {.latency = 10ms, .rate = 1'000};
  w.net.after(2s, [&w] { w.net.between(w.a, w.b) = good; });
  w.a.run(send_at(0s, std::string(30'000, 'x')));
  EXPECT_LT(w.net.now(), 5s);
}

TEST(sim_healing, bytes_on_a_slow_path_arrive_when_it_is_fast) {
  two_hosts w;
  w.b.start(serve_echo);
  w.net.after(1s, [&w] { w.net.between(w.a, w.b) = {.latency = 1h}; });
  w.net.after(2s, [&w] { w.net.between(w.a, w.b) = good; });
  w.a.run(send_at(1100ms, "x"));
  EXPECT_NEAR(seconds(w.net.now()), 2.02, 0.001);
}

TEST(sim_healing, datagrams_on_a_slow_path_arrive_when_it_is_fast) {
  two_hosts w;
  const auto body = [](two_hosts& of) -> task<> {
    auto from = co_await udp::bind("10.0.0.1:0");
    auto to = co_await udp::bind("10.0.0.1:9");
    static_cast<void>(to);
    of.net.between(of.a, of.b) = {.latency = 1h, .rate = 100};
    for (int i = 0; i < 10; ++i) co_await from.send_to("10.0.0.2:9", "x");
    of.net.after(1s, [&of] { of.net.between(of.a, of.b) = good; });
  };
  const auto count = []() -> task<> {
    auto at = co_await udp::bind(":9");
    for (int i = 0; i < 10; ++i) static_cast<void>(co_await at.recv());
  };
  w.b.start(count);
  w.net.run_for(1ms);
  w.a.run(body(w));
  w.net.run_until([&w] { return !w.b.running(); });
  EXPECT_LT(w.net.now(), 1100ms);
}

TEST(sim_healing, a_query_to_a_name_server_is_sent_again_after_five_seconds) {
  two_hosts w;
  w.net.name("www.example.org", {w.b.ip4()}, {.answer4 = sim::name_options::answer::silent});
  w.net.after(2s, [&w] { w.net.name("www.example.org", {w.b.ip4()}); });
  const auto body = []() -> task<> {
    EXPECT_EQ((co_await resolve("www.example.org:80", address_family::ip4)).size(), 1u);
  };
  w.a.run(body());
  EXPECT_EQ(w.net.now(), 5s + 1ms);
}

TEST(sim_healing, timers_are_late_during_a_fault_and_then_on_time) {
  int late = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    two_hosts w({.seed = seed, .faults = {.on = sim::family::clocks, .lasts = 10s}});
    w.b.start([]() -> task<> { co_await sleep(1min); });
    const auto body = []() -> task<> {
      for (int i = 0; i < 20; ++i) co_await sleep(50ms);
    };
    w.a.run(body());
    late += w.net.now() > 1100ms;
    w.net.run_for(1min - w.net.now());
    EXPECT_FALSE(w.b.running()) << "seed " << seed;
  }
  EXPECT_GT(late, 20);
}

// Whatever the faults were, a conversation that begins after them takes its three round trips.
TEST(sim_healing, after_the_faults_a_network_works) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    const auto plan =
        sim::fault_plan::drawn(seed, sim::families::all().without(sim::family::descriptors));
    two_hosts w({.seed = seed, .faults = plan});
    w.b.start(serve_echo);
    const auto during = []() -> task<> {
      for (int i = 0; i < 20; ++i) {
        static_cast<void>(co_await attempt(within(3s, chat(5))));
        co_await sleep(100ms);
      }
    };
    w.a.start(during);
    w.net.run_for(plan.lasts + 1ms);
    if (!w.b.running()) w.b.restart();
    w.net.run_for(1ms);
    auto& third = w.net.add("third");
    w.net.between(third, w.b) = good;
    const duration begun = w.net.now();
    third.run(chat(3));
    ASSERT_LT(w.net.now() - begun, 200ms) << "seed " << seed << ", faults " << plan.on.str();
    w.net.run_for(10min);
  }
}

}  // namespace
}  // namespace bight::sim_test
