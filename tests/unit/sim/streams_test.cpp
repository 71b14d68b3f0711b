// SPDX-License-Identifier: MIT
// TCP as it was measured on Linux 6.18, situation by situation.
#include "unit/sim/net.hpp"

namespace bight::sim_test {
namespace {

task<stream> connect_to_b() { co_return co_await tcp::connect("b:1"); }

// ── Beginnings ──────────────────────────────────────────────────────────────────────────────────

TEST(sim_streams, a_connect_takes_a_round_trip) {
  two_hosts w;
  w.b.start(serve_echo);
  const auto body = []() -> task<> {
    auto peer = co_await tcp::connect("10.0.0.2:7");
    EXPECT_EQ(peer.remote().str(), "10.0.0.2:7");
  };
  w.a.run(body());
  EXPECT_EQ(w.net.now(), 20ms);
}

TEST(sim_streams, a_closed_port_refuses) {
  two_hosts w;
  const auto body = []() -> task<> {
    auto outcome = co_await attempt(tcp::connect("10.0.0.2:7"));
    EXPECT_TRUE(fails(outcome, errc::refused));
  };
  w.a.run(body());
  EXPECT_EQ(w.net.now(), 20ms);
}

TEST(sim_streams, a_connect_to_an_unused_address_times_out_after_two_minutes) {
  two_hosts w;
  const auto body = []() -> task<> {
    tcp::connect_options patient;
    patient.timeout = 1h;
    auto outcome = co_await attempt(tcp::connect("10.9.9.9:7", patient));
    EXPECT_TRUE(fails(outcome, errc::timed_out));
  };
  w.a.run(body());
  EXPECT_EQ(w.net.now(), 127s);  // 1 + 2 + 4 + … + 64: tcp(7), tcp_syn_retries
}

TEST(sim_streams, a_connect_to_itself_is_refused) {
  two_hosts w;
  const auto body = []() -> task<> {
    tcp::connect_options from_there;
    from_there.from = "127.0.0.1:5555";
    auto outcome = co_await attempt(tcp::connect("127.0.0.1:5555", from_there));
    EXPECT_TRUE(fails(outcome, errc::refused));
    auto free = co_await attempt(tcp::listen("127.0.0.1:5555"));
    EXPECT_TRUE(static_cast<bool>(free));
  };
  w.a.run(body());
}

TEST(sim_streams, a_backlog_of_zero_holds_one_and_others_get_no_answer) {
  two_hosts w;
  const auto listen = []() -> task<> {
    tcp::listen_options none;
    none.backlog = 0;
    auto listening = co_await tcp::listen(":1", none);
    co_await sleep(1h);
  };
  w.b.start(listen);
  const auto body = []() -> task<> {
    auto first = co_await tcp::connect("b:1");
    auto second = co_await attempt(within(10s, tcp::connect("b:1")));
    EXPECT_TRUE(fails(second, errc::timed_out));
  };
  w.a.run(body());
}

TEST(sim_streams, a_client_that_resets_before_the_accept_is_accepted_and_then_reset) {
  two_hosts w;
  const auto listen = []() -> task<> {
    auto listening = co_await tcp::listen(":1");
    co_await sleep(1s);
    auto peer = co_await listening.accept();
    auto got = co_await attempt(peer.recv());
    EXPECT_TRUE(fails(got, errc::reset));
    co_await sleep(1h);
  };
  w.b.start(listen);
  const auto body = []() -> task<> {
    auto peer = co_await connect_to_b();
    peer.abort();
    co_await sleep(2s);
  };
  w.a.run(body());
}

TEST(sim_streams, ports_run_out_and_come_back_after_time_wait) {
  two_hosts w;
  w.b.start(serve_echo);
  const auto body = []() -> task<> {
    int made = 0;
    for (;; ++made) {
      auto peer = co_await attempt(tcp::connect("10.0.0.2:7"));
      if (!peer) {
        EXPECT_TRUE(fails(peer, errc::address_not_available));
        break;
      }
    }
    EXPECT_GT(made, 1000);
    co_await sleep(61s);
    auto again = co_await attempt(tcp::connect("10.0.0.2:7"));
    EXPECT_TRUE(static_cast<bool>(again));
  };
  w.net.between(w.a, w.b) = {.latency = 100us};
  w.a.run(body());
}

// ── Ends ────────────────────────────────────────────────────────────────────────────────────────

task<> send_and_reset(stream peer) {
  co_await peer.send("a hundred bytes");
  co_await sleep(1s);
  peer.abort();
  co_await sleep(1h);
}

TEST(sim_streams, bytes_that_came_before_a_reset_are_read_first) {
  two_hosts w;
  w.b.start(accept_one<send_and_reset>);
  const auto body = []() -> task<> {
    auto peer = co_await connect_to_b();
    co_await sleep(5s);
    EXPECT_EQ(co_await peer.recv(), "a hundred bytes");
    auto reset = co_await attempt(peer.recv());
    EXPECT_TRUE(fails(reset, errc::reset));
    auto again = co_await attempt(peer.recv());
    EXPECT_TRUE(fails(again, errc::reset));
  };
  w.a.run(body());
}

TEST(sim_streams, bytes_that_came_before_a_reset_are_lost_on_other_systems) {
  two_hosts w({.reset_discards = true});
  w.b.start(accept_one<send_and_reset>);
  const auto body = []() -> task<> {
    auto peer = co_await connect_to_b();
    co_await sleep(5s);
    auto reset = co_await attempt(peer.recv());
    EXPECT_TRUE(fails(reset, errc::reset));
  };
  w.a.run(body());
}

task<> reply_and_close_unread(stream peer) {
  co_await sleep(1s);
  co_await peer.send("reply");
}

TEST(sim_streams, a_peer_that_closes_with_bytes_unread_replies_and_resets) {
  two_hosts w;
  w.b.start(accept_one<reply_and_close_unread>);
  const auto body = []() -> task<> {
    auto peer = co_await connect_to_b();
    co_await peer.send("unread");
    EXPECT_EQ(co_await peer.recv(), "reply");
    auto reset = co_await attempt(peer.recv());
    EXPECT_TRUE(fails(reset, errc::reset));
    auto again = co_await attempt(peer.recv());
    EXPECT_TRUE(fails(again, errc::reset));
  };
  w.a.run(body());
}

task<> close_at_once(stream) { co_return; }

TEST(sim_streams, a_write_to_a_closed_peer_succeeds_once) {
  two_hosts w;
  w.b.start(accept_one<close_at_once>);
  const auto body = []() -> task<> {
    auto peer = co_await connect_to_b();
    EXPECT_TRUE((co_await peer.recv()).empty());
    co_await peer.send("into the void");
    co_await sleep(1s);
    for (int i = 0; i < 3; ++i) {
      auto sent = co_await attempt(peer.send("x"));
      EXPECT_TRUE(fails(sent, errc::closed));
    }
    EXPECT_TRUE((co_await peer.recv()).empty());
  };
  w.a.run(body());
}

task<> answer_after_the_end(stream peer) {
  const std::string asked = co_await recv_all(peer);
  co_await peer.send("answer to ", asked);
}

TEST(sim_streams, a_half_close_keeps_the_other_direction) {
  two_hosts w;
  w.b.start(accept_one<answer_after_the_end>);
  const auto body = []() -> task<> {
    auto peer = co_await connect_to_b();
    co_await peer.send("question");
    peer.shutdown_send();
    EXPECT_EQ(co_await recv_all(peer), "answer to question");
    auto sent = co_await attempt(peer.send("x"));
    EXPECT_TRUE(fails(sent, errc::closed));
  };
  w.a.run(body());
}

task<> never_read(stream peer) {
  co_await sleep(1h);
  static_cast<void>(peer);
}

TEST(sim_streams, a_peer_that_never_reads_stops_the_writer) {
  two_hosts w;
  w.b.start(accept_one<never_read>);
  const auto body = []() -> task<> {
    auto peer = co_await connect_to_b();
    const std::string much(10'000'000, 'x');
    auto sent = co_await attempt(within(10s, peer.send(much)));
    EXPECT_TRUE(fails(sent, errc::timed_out));
    EXPECT_GT(sent.error().transferred(), 100'000u);
    EXPECT_LT(sent.error().transferred(), 1'000'000u);
  };
  w.a.run(body());
}

// ── Paths ───────────────────────────────────────────────────────────────────────────────────────

task<> talk(std::string what) {
  auto peer = co_await tcp::connect("b:7");
  co_await peer.send(what);
  peer.shutdown_send();
  const bool same = co_await recv_all(peer) == what;
  EXPECT_TRUE(same);
}

std::string numbered(std::size_t n) {
  std::string all;
  while (all.size() < n) all += std::to_string(all.size()) + ",";
  return all;
}

TEST(sim_streams, no_byte_is_lost_on_a_bad_path) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    two_hosts w({.seed = seed});
    w.net.between(w.a, w.b) = {.latency = 10ms, .jitter = 30ms, .loss = 0.2, .packet = 200};
    w.b.start(serve_echo);
    w.a.run(talk(numbered(100'000)));
  }
}

TEST(sim_streams, a_partition_delays_and_loses_nothing) {
  two_hosts w;
  w.b.start(serve_echo);
  w.net.after(25ms, [&w] { w.net.partition(w.a, w.b); });
  w.net.after(20s, [&w] { w.net.heal(); });
  w.a.run(talk(numbered(10'000)));
  EXPECT_GT(w.net.now(), 20s);
}

TEST(sim_streams, a_clog_holds_everything_until_it_heals) {
  two_hosts w;
  w.b.start(serve_echo);
  w.net.after(5ms, [&w] { w.net.clog(w.a, w.b); });
  w.net.after(2s, [&w] { w.net.heal(w.a, w.b); });
  w.a.run(talk("x"));
  EXPECT_GE(w.net.now(), 2s);
  EXPECT_LT(w.net.now(), 2100ms);
}

TEST(sim_streams, silence_ends_at_the_user_timeout) {
  two_hosts w;
  w.b.start(serve_echo);
  const auto body = [](two_hosts& of) -> task<> {
    auto peer = co_await tcp::connect("10.0.0.2:7");
    peer.set(options::user_timeout, 5000);
    of.net.partition(of.a, of.b);
    co_await peer.send("anybody?");
    auto got = co_await attempt(peer.recv());
    EXPECT_TRUE(fails(got, errc::timed_out));
  };
  w.a.run(body(w));
  EXPECT_NEAR(std::chrono::duration<double>(w.net.now()).count(), 5, 0.5);
}

TEST(sim_streams, silence_is_detected_by_keep_alive) {
  two_hosts w;
  w.b.start(serve_echo);
  const auto body = [](two_hosts& of) -> task<> {
    auto peer = co_await tcp::connect("10.0.0.2:7");
    peer.set(options::keep_alive, true);
    peer.set(options::keep_alive_idle, 10);
    peer.set(options::keep_alive_interval, 2);
    peer.set(options::keep_alive_count, 3);
    co_await sleep(100s);
    of.net.partition_one_way(of.b, of.a);
    auto got = co_await attempt(peer.recv());
    EXPECT_TRUE(fails(got, errc::timed_out));
  };
  w.a.run(body(w));
  EXPECT_NEAR(std::chrono::duration<double>(w.net.now()).count(), 116, 10);
}

// ── Hosts ───────────────────────────────────────────────────────────────────────────────────────

TEST(sim_streams, a_host_that_lost_power_is_silent_and_resets_once_it_is_back) {
  two_hosts w;
  w.b.start(serve_echo);
  const auto body = [](two_hosts& of) -> task<> {
    auto peer = co_await tcp::connect("10.0.0.2:7");
    of.net.after(0s, [&of] { of.b.crash(); });
    auto silent = co_await attempt(within(10s, peer.recv()));
    EXPECT_TRUE(fails(silent, errc::timed_out));
    co_await peer.send("anybody?");
    of.net.after(5s, [&of] { of.b.restart(); });
    auto got = co_await attempt(peer.recv());
    EXPECT_TRUE(fails(got, errc::reset));
  };
  w.a.run(body(w));
  EXPECT_GE(w.net.now(), 15s);
}

TEST(sim_streams, a_program_that_is_killed_ends_its_streams) {
  two_hosts w;
  w.b.start(serve_echo);
  const auto body = [](two_hosts& of) -> task<> {
    auto peer = co_await tcp::connect("10.0.0.2:7");
    co_await sleep(100ms);
    of.net.after(0s, [&of] { of.b.kill(); });
    EXPECT_TRUE((co_await peer.recv()).empty());
    auto again = co_await attempt(tcp::connect("10.0.0.2:7"));
    EXPECT_TRUE(fails(again, errc::refused));
  };
  w.a.run(body(w));
  EXPECT_FALSE(w.b.running());
}

}  // namespace
}  // namespace bight::sim_test
