// SPDX-License-Identifier: MIT
// Servers that are given a socket, and what serve() refuses before it listens.
#include <bight/tls.hpp>
#include <bight/udp.hpp>

#include "contract/contract.hpp"
#include "contract/tls_trial.hpp"

#include <string>
#include <vector>

namespace contract {

static task<> greet_client(served& s) {
  EXPECT_EQ(s.at.size(), 1u);
  auto peer = co_await tcp::connect(s.at.front());
  co_await expect_echo(peer, "hello");
}

BIGHT_TEST(serve_socket, a_listener_is_served_with_the_connections_that_wait_in_it) {
  auto listening = co_await tcp::listen("127.0.0.1:0");
  auto early = co_await tcp::connect(listening.local());
  co_await early.send("I was first");
  served s;
  auto client = [](served& server, stream& waiting) -> task<> {
    auto answer = co_await waiting.recv();
    EXPECT_EQ(answer, "I was first");
    co_await greet_client(server);
    server.drain.set();
    while (server.drained.empty()) co_await sleep(0s);
    auto late = co_await attempt(tcp::connect(server.at.front()));
    EXPECT_TRUE(fails(late, errc::refused));
    waiting.close();
  };
  const address at = listening.local();
  co_await serve_for(s, tcp::serve(std::move(listening), echo, s.options()), client(s, early));
  EXPECT_EQ(s.at, std::vector{at});
  EXPECT_FALSE(listening.id());
  EXPECT_EQ(s.told(), "");
}

BIGHT_TEST(serve_socket, a_udp_socket_is_served_with_the_datagrams_that_wait_in_it) {
  auto bound = co_await udp::bind("127.0.0.1:0");
  auto client = co_await udp::connect(bound.local());
  co_await client.send("early");
  served s;
  auto ask = [](udp::socket& from) -> task<> {
    auto first = co_await from.recv();
    EXPECT_EQ(first.data, "early");
    co_await from.send("later");
    auto second = co_await from.recv();
    EXPECT_EQ(second.data, "later");
  };
  auto reply = [](udp::request asked) -> task<> { co_await asked.reply(asked.data()); };
  co_await serve_for(s, udp::serve(std::move(bound), reply, s.options()), ask(client));
  EXPECT_FALSE(bound.id());
  EXPECT_EQ(s.told(), "");
}

BIGHT_TEST(serve_socket, a_listener_is_served_with_tls) {
  auto listening = co_await tcp::listen("127.0.0.1:0");
  served s;
  std::string pin;
  tls::serve_options how;
  how.on_pin = [&pin](const std::string& made) { pin = made; };
  how.server = s.options();
  auto client = [](served& server, const std::string& expected) -> task<> {
    tls::connect_options trust;
    trust.pins.push_back(expected);
    auto peer = co_await tls::connect(server.at.front(), trust);
    co_await expect_echo(peer, "hello");
  };
  co_await serve_for(s, tls::serve(std::move(listening), echo, how), client(s, pin));
  EXPECT_EQ(s.told(), "");
}

BIGHT_TEST(serve_socket, one_socket_is_not_for_several_threads) {
  serve_options two;
  two.threads = 2;
  auto listening = co_await tcp::listen("127.0.0.1:0");
  auto stream_outcome = co_await attempt(tcp::serve(std::move(listening), echo, two));
  EXPECT_TRUE(fails(stream_outcome, errc::invalid));
  EXPECT_NE(std::string(stream_outcome.error().what()).find("threads = 1"), std::string::npos);
  auto bound = co_await udp::bind("127.0.0.1:0");
  auto reply = [](udp::request) -> task<> { co_return; };
  auto outcome = co_await attempt(udp::serve(std::move(bound), reply, two));
  EXPECT_TRUE(fails(outcome, errc::invalid));
}

BIGHT_TEST(serve_socket, nothing_to_listen_on_is_an_error) {
  auto outcome = co_await attempt(tcp::serve(std::vector<address>(), echo));
  EXPECT_TRUE(fails(outcome, errc::invalid)) << "it would end at once, or never";
}

BIGHT_TEST(serve_socket, a_bad_address_and_a_bad_timeout_are_errors_of_the_task) {
  auto serving = tcp::serve("127.0.0.1:99999", echo);  // does not throw here
  auto outcome = co_await attempt(std::move(serving));
  EXPECT_TRUE(fails(outcome, errc::bad_address));
  serve_options at_once;
  at_once.idle = 0s;
  auto never = co_await attempt(tcp::serve("127.0.0.1:0", echo, at_once));
  EXPECT_TRUE(fails(never, errc::invalid));
  EXPECT_NE(std::string(never.error().what()).find("std::nullopt"), std::string::npos);
}

BIGHT_TEST(serve_socket, without_an_idle_limit_a_silent_session_stays) {
  served s;
  serve_options patient = s.options();
  patient.idle.reset();
  auto client = [](served& server) -> task<> {
    auto silent = co_await tcp::connect(server.at.front());
    co_await sleep(50ms);
    co_await expect_echo(silent, "still here");
  };
  co_await serve_for(s, tcp::serve("127.0.0.1:0", echo, patient), client(s));
  EXPECT_EQ(s.told(), "");
}

}  // namespace contract
