// SPDX-License-Identifier: MIT
// What a scenario can have the simulated systems say: no route, no room, no memory of a past life.
#include "unit/sim/net.hpp"

namespace bight::sim_test {
namespace {

TEST(sim_kernel, without_a_route_connects_and_datagrams_fail_at_once) {
  const std::pair<sim::route, errc> cases[] = {{sim::route::missing, errc::unreachable},
                                               {sim::route::unreachable, errc::unreachable},
                                               {sim::route::prohibited, errc::denied}};
  for (const auto& [routed, expected] : cases) {
    two_hosts w;
    w.b.start(serve_echo);
    w.net.run_for(1ms);
    w.net.one_way(w.a, w.b) = {.routed = routed};
    const auto body = [](errc why) -> task<> {
      auto peer = co_await attempt(tcp::connect("10.0.0.2:7"));
      EXPECT_TRUE(fails(peer, why));
      auto from = co_await udp::bind(":0");
      auto sent = co_await attempt(from.send_to("10.0.0.2:7", "x"));
      EXPECT_TRUE(fails(sent, why));
    };
    w.a.run(body(expected));
    EXPECT_LT(w.net.now(), 2ms);
  }
}

TEST(sim_kernel, a_route_that_disappears_for_a_while_delays_a_connection) {
  two_hosts w;
  w.b.start(serve_echo);
  w.net.after(1s, [&w] { w.net.one_way(w.a, w.b) = {.routed = sim::route::missing}; });
  w.net.after(3s, [&w] { w.net.between(w.a, w.b) = {}; });
  const auto body = []() -> task<> {
    auto peer = co_await tcp::connect("10.0.0.2:7");
    co_await sleep(2s);
    co_await peer.send("x");
    EXPECT_EQ(co_await peer.recv(), "x");
  };
  w.a.run(body());
  EXPECT_GT(w.net.now(), 3s);
}

TEST(sim_kernel, a_full_unix_backlog_makes_a_connect_wait) {
  two_hosts w;
  const auto body = []() -> task<> {
    tcp::listen_options one;
    one.backlog = 0;
    auto listening = co_await unix_socket::listen("/s", one);
    auto first = co_await unix_socket::connect("/s");
    auto second = co_await attempt(within(1h, unix_socket::connect("/s")));
    EXPECT_TRUE(fails(second, errc::timed_out));
    const auto accept_later = [](tcp::listener& l) -> task<> {
      co_await sleep(1s);
      auto accepted = co_await l.accept();
      co_await accepted.send("x");
    };
    co_await all(unix_socket::connect("/s"), accept_later(listening));
    EXPECT_EQ(co_await first.recv(), "x");
  };
  w.a.run(body());
  EXPECT_LT(w.net.events(), 100u);  // nobody asks again and again
}

TEST(sim_kernel, a_connect_that_waits_for_a_unix_backlog_is_refused_when_its_listener_closes) {
  two_hosts w;
  const auto body = []() -> task<> {
    tcp::listen_options one;
    one.backlog = 0;
    auto listening = co_await unix_socket::listen("/s", one);
    auto first = co_await unix_socket::connect("/s");
    const auto close_later = [](tcp::listener& l) -> task<> {
      co_await sleep(1s);
      l.close();
    };
    const auto connect = []() -> task<> {
      auto refused = co_await attempt(unix_socket::connect("/s"));
      EXPECT_TRUE(fails(refused, errc::refused));
    };
    co_await all(connect(), close_later(listening));
  };
  w.a.run(body());
}

TEST(sim_kernel, a_restarted_client_has_forgotten_its_tickets) {
  std::string pin;
  std::vector<bool> resumed;
  two_hosts w;
  w.b.start([&pin]() -> task<> {
    tls::serve_options how;
    how.on_pin = [&pin](const std::string& made) { pin = made; };
    how.server = silent();
    co_await tls::serve(":443", echo, std::move(how));
  });
  w.net.run_for(1ms);
  w.a.start([&]() -> task<> {
    for (int i = 0; i < 2; ++i) {
      tls::connect_options how;
      how.pins.push_back(pin);
      auto peer = co_await tls::connect("b:443", how);
      co_await peer.send("hello");
      EXPECT_EQ(co_await peer.recv(), "hello");
      resumed.push_back(tls::info(peer)->resumed);
      peer.shutdown_send();
      EXPECT_TRUE((co_await peer.recv()).empty());
    }
    co_await sleep(1h);
  });
  for (const bool crashes : {false, true}) {
    w.net.run_for(10s);
    crashes ? w.a.crash() : w.a.kill();
    w.a.restart();
  }
  w.net.run_for(10s);
  EXPECT_EQ(resumed, (std::vector<bool>{false, true, false, true, false, true}));
}

TEST(sim_kernel, one_source_port_is_busy_for_a_minute_after_its_connection) {
  two_hosts w;
  w.b.start(serve_echo);
  const auto body = []() -> task<> {
    tcp::connect_options from;
    from.from = "10.0.0.1:5000";
    { auto first = co_await tcp::connect("10.0.0.2:7", from); }
    co_await sleep(1s);
    auto second = co_await attempt(tcp::connect("10.0.0.2:7", from));
    EXPECT_FALSE(static_cast<bool>(second));
    co_await sleep(61s);
    auto third = co_await attempt(tcp::connect("10.0.0.2:7", from));
    EXPECT_TRUE(static_cast<bool>(third));
  };
  w.a.run(body());
}

}  // namespace
}  // namespace bight::sim_test
