// SPDX-License-Identifier: MIT
// Connecting, listening, and what addresses are called.
#include <bight/tcp.hpp>

#include "contract/contract.hpp"

#include <sys/socket.h>

namespace contract {

BIGHT_TEST(tcp, connect_to_a_closed_port_is_refused_and_names_the_address) {
  const raw::nobody there(SOCK_STREAM);
  auto outcome = co_await attempt(tcp::connect(there.at()));
  EXPECT_TRUE(fails(outcome, errc::refused));
  EXPECT_EQ(outcome.error().tried(), "connect " + there.at().str());
}

BIGHT_TEST(tcp, connect_to_itself_is_refused) {
  const address nobody = raw::closed_port(SOCK_STREAM);
  tcp::connect_options from_there;
  from_there.from = nobody;
  auto outcome = co_await attempt(tcp::connect(nobody, from_there));
  EXPECT_TRUE(fails(outcome, errc::refused));
  // Nothing of it is left behind: the port is free for a listener.
  auto listening = co_await attempt(tcp::listen(nobody));
  EXPECT_TRUE(static_cast<bool>(listening)) << listening.error().what();
}

BIGHT_TEST(tcp, connect_uses_the_requested_source_address) {
  auto listening = co_await tcp::listen("127.0.0.1:0");
  tcp::connect_options options;
  options.from = "127.0.0.77:0";
  auto client = co_await tcp::connect(listening.local(), options);
  EXPECT_EQ(client.local().host(), "127.0.0.77");
  auto accepted = co_await listening.accept();
  EXPECT_EQ(accepted.remote(), client.local());
  options.from = "192.0.2.1:0";  // TEST-NET-1: not here
  auto outcome = co_await attempt(tcp::connect(listening.local(), options));
  EXPECT_TRUE(fails(outcome, errc::address_not_available));
}

BIGHT_TEST(tcp, one_source_port_serves_several_destinations) {
  auto one = co_await tcp::listen("127.0.0.1:0");
  auto two = co_await tcp::listen("127.0.0.2:0");
  tcp::connect_options options;
  options.from = raw::closed_port(SOCK_STREAM);
  auto first = co_await tcp::connect(one.local(), options);
  auto second = co_await tcp::connect(two.local(), options);
  EXPECT_EQ(first.local(), options.from);
  EXPECT_EQ(second.local(), options.from);
}

BIGHT_TEST(tcp, a_source_port_can_be_used_again_after_a_reset) {
  auto listening = co_await tcp::listen("127.0.0.1:0");
  tcp::connect_options options;
  options.from = raw::closed_port(SOCK_STREAM);
  for (int i = 0; i < 3; ++i) {
    auto client = co_await tcp::connect(listening.local(), options);
    auto again = co_await attempt(tcp::connect(listening.local(), options));
    EXPECT_TRUE(fails(again, errc::address_not_available));
    client.abort();
  }
}

BIGHT_TEST(tcp, a_source_port_of_a_listener_is_in_use_and_named) {
  auto listening = co_await tcp::listen("127.0.0.1:0");
  auto other = co_await tcp::listen("127.0.0.1:0");
  tcp::connect_options options;
  options.from = other.local();
  auto outcome = co_await attempt(tcp::connect(listening.local(), options));
  EXPECT_TRUE(fails(outcome, errc::address_in_use));
  EXPECT_EQ(outcome.error().tried(),
            "connect " + listening.local().str() + " from " + other.local().str());
  EXPECT_NE(std::string(outcome.error().what()).find("source port is in use"), std::string::npos);
}

BIGHT_TEST(tcp, a_v4_mapped_address_is_the_ip4_address) {
  auto listening = co_await tcp::listen("[::ffff:127.0.0.1]:0");
  EXPECT_EQ(listening.local().host(), "127.0.0.1");
  const auto port = std::to_string(listening.local().port());
  tcp::connect_options options;
  options.from = "[::ffff:127.0.0.1]:0";
  auto client = co_await tcp::connect("[::ffff:127.0.0.1]:" + port, options);
  auto accepted = co_await listening.accept();
  EXPECT_EQ(client.remote(), listening.local());
  EXPECT_EQ(accepted.remote(), client.local());
  options = {};
  options.allow = [](const address& a) { return a.kind() != address_kind::ip4; };
  auto refused = co_await attempt(tcp::connect("[::ffff:127.0.0.1]:" + port, options));
  EXPECT_TRUE(fails(refused, errc::denied));
}

BIGHT_TEST(tcp, both_ends_agree_on_their_addresses) {
  auto listening = co_await tcp::listen("127.0.0.1:0");
  const address at = listening.local();
  EXPECT_EQ(at.host(), "127.0.0.1");
  EXPECT_NE(at.port(), 0);
  auto client = co_await tcp::connect(at);
  auto accepted = co_await listening.accept();
  EXPECT_EQ(client.remote(), at);
  EXPECT_EQ(accepted.local(), at);
  EXPECT_EQ(accepted.remote(), client.local());
}

BIGHT_TEST(tcp, ip6_streams_have_ip6_addresses) {
  auto listening = co_await tcp::listen("[::1]:0");
  auto client = co_await tcp::connect(listening.local());
  auto accepted = co_await listening.accept();
  EXPECT_EQ(accepted.remote(), client.local());
  EXPECT_EQ(accepted.remote().host(), "::1");
  EXPECT_EQ(client.remote(), listening.local());
  client.set(options::hop_limit, 5);
  EXPECT_EQ(client.get(options::hop_limit), 5);
  client.set(options::traffic_class, 0x20);
  EXPECT_EQ(client.get(options::traffic_class), 0x20);
  co_await client.send("six");
  EXPECT_EQ(co_await accepted.recv(), "six");
}

BIGHT_TEST(tcp, a_listener_on_every_address_takes_both_families_and_shows_ip4_as_ip4) {
  auto listening = co_await tcp::listen(":0");
  const auto port = std::to_string(listening.local().port());
  auto client4 = co_await tcp::connect("127.0.0.1:" + port);
  auto accepted4 = co_await listening.accept();
  EXPECT_EQ(accepted4.remote(), client4.local());
  EXPECT_EQ(accepted4.remote().host(), "127.0.0.1");
  EXPECT_EQ(accepted4.local(), client4.remote());
  auto client6 = co_await tcp::connect("[::1]:" + port);
  auto accepted6 = co_await listening.accept();
  EXPECT_EQ(accepted6.remote(), client6.local());
  EXPECT_EQ(accepted6.remote().host(), "::1");
  // To connect to every address means this machine.
  auto anywhere = co_await tcp::connect(":" + port);
  EXPECT_TRUE(anywhere.remote().is_loopback());
}

// Another program may have the port of the other family, so more than one port is tried.
BIGHT_TEST(tcp, a_family_restricts_a_listener_on_every_address) {
  constexpr int tries_max = 10;
  tcp::listen_options only6;
  only6.family = address_family::ip6;
  tcp::listen_options only4;
  only4.family = address_family::ip4;
  for (int i = 0;; ++i) {
    auto listening = co_await tcp::listen(":0", only6);
    const auto port = std::to_string(listening.local().port());
    EXPECT_EQ(listening.local().kind(), address_kind::ip6);
    auto refused = co_await attempt(tcp::connect("127.0.0.1:" + port));
    auto other = co_await attempt(tcp::listen(":" + port, only4));  // does not clash
    if (!other && i < tries_max) continue;
    EXPECT_TRUE(fails(refused, errc::refused));
    EXPECT_EQ(other.value().local().kind(), address_kind::ip4);
    break;
  }
}

BIGHT_TEST(tcp, a_port_that_is_listened_on_is_in_use) {
  auto listening = co_await tcp::listen("127.0.0.1:0");
  auto again = co_await attempt(tcp::listen(listening.local()));
  EXPECT_TRUE(fails(again, errc::address_in_use));
  EXPECT_EQ(again.error().tried(), "listen on " + listening.local().str());
  listening.close();
  auto free = co_await attempt(tcp::listen(again.error().tried().substr(10)));
  EXPECT_TRUE(static_cast<bool>(free));
}

BIGHT_TEST(tcp, a_server_can_start_again_at_once) {
  // The server's side closes first, so its port has a connection in TIME_WAIT.
  auto listening = co_await tcp::listen("127.0.0.1:0");
  const address at = listening.local();
  auto client = co_await tcp::connect(at);
  auto accepted = co_await listening.accept();
  accepted.close();
  EXPECT_TRUE((co_await client.recv()).empty());
  client.close();
  listening.close();
  auto again = co_await attempt(tcp::listen(at));
  EXPECT_TRUE(static_cast<bool>(again)) << again.error().what();
}

BIGHT_TEST(tcp, an_address_of_another_machine_is_not_available) {
  auto outcome = co_await attempt(tcp::listen("192.0.2.1:0"));
  EXPECT_TRUE(fails(outcome, errc::address_not_available));
}

BIGHT_TEST(tcp, connects_beyond_the_backlog_wait_and_succeed_when_it_empties) {
  // Linux holds backlog + 1; a SYN beyond that is dropped and comes again after a second.
  tcp::listen_options small;
  small.backlog = 1;
  auto listening = co_await tcp::listen("127.0.0.1:0", small);
  std::vector<raw::socket> clients;
  for (int i = 0; i < 4; ++i) clients.push_back(raw::connect_later(listening.local()));
  for (int i = 0; i < 4; ++i) {
    auto accepted = co_await listening.accept();
    EXPECT_TRUE(static_cast<bool>(accepted));
  }
}

BIGHT_TEST(tcp, two_thousand_connects_before_the_first_accept_all_succeed) {
  auto listening = co_await tcp::listen("127.0.0.1:0");
  std::vector<raw::socket> clients;
  for (int i = 0; i < 2000; ++i) {
    clients.push_back(raw::connect(listening.local()));
    clients.back().send(std::to_string(i) + ".");
  }
  std::vector<stream> accepted;
  std::vector<bool> seen(clients.size());
  for (std::size_t i = 0; i < clients.size(); ++i) {
    accepted.push_back(co_await listening.accept());
    reader number(accepted.back());
    auto text = co_await number.read_until(".");
    seen[static_cast<std::size_t>(std::stoi(text.str()))] = true;
  }
  EXPECT_EQ(std::count(seen.begin(), seen.end(), true), 2000);
}

BIGHT_TEST(tcp, accept_waits_for_a_connection_again_and_again) {
  auto listening = co_await tcp::listen("127.0.0.1:0");
  auto server = [](tcp::listener& l) -> task<> {
    for (int i = 0; i < 100; ++i) {
      auto peer = co_await l.accept();
      co_await peer.send(std::to_string(i));
    }
  };
  auto client = [](address at) -> task<> {
    for (int i = 0; i < 100; ++i) {
      auto peer = co_await tcp::connect(at);
      EXPECT_EQ(co_await recv_all(peer), std::to_string(i));
    }
  };
  co_await all(server(listening), client(listening.local()));
}

BIGHT_TEST(tcp, second_accept_in_flight_is_busy) {
  auto listening = co_await tcp::listen("127.0.0.1:0");
  auto waits = [](tcp::listener& l) -> task<> {
    auto outcome = co_await attempt(l.accept());
    EXPECT_TRUE(fails(outcome, errc::cancelled));
  };
  scope side(co_await current_context());
  side.spawn(waits(listening));
  auto second = co_await attempt(listening.accept());
  EXPECT_TRUE(fails(second, errc::busy));
  listening.close();  // ends the accept in flight
  co_await side.join();
}

BIGHT_TEST(tcp, closing_a_listener_resets_connections_not_accepted) {
  auto listening = co_await tcp::listen("127.0.0.1:0");
  auto client = raw::connect(listening.local());
  const address at = listening.local();
  listening.close();
  co_await until_readable(client);
  EXPECT_EQ(client.recv_error(), ECONNRESET);
  auto refused = co_await attempt(tcp::connect(at));
  EXPECT_TRUE(fails(refused, errc::refused));
  auto closed = co_await attempt(listening.accept());
  EXPECT_TRUE(fails(closed, errc::closed));
}

BIGHT_TEST(tcp, a_thousand_connections_work_at_the_same_time) {
  served s;
  auto one = [](address at, int number) -> task<> {
    auto peer = co_await tcp::connect(at);
    for (int round = 0; round < 3; ++round) {
      const std::string text = std::to_string(number) + ":" + std::to_string(round);
      co_await peer.send(text);
      EXPECT_EQ(co_await recv_exactly(peer, text.size()), text);
    }
  };
  auto thousand = [](served& server, task<> (*client)(address, int)) -> task<> {
    std::vector<task<>> clients;
    for (int i = 0; i < 1000; ++i) clients.push_back(client(server.at.front(), i));
    co_await all(std::move(clients));
  };
  co_await serve_for(s, tcp::serve("127.0.0.1:0", echo, s.options()), thousand(s, one));
  EXPECT_EQ(s.told(), "");
}

BIGHT_TEST(tcp, a_listener_that_has_just_been_closed_refuses) {
  for (const bool accepts : {false, true}) {
    auto listening = co_await tcp::listen("127.0.0.1:0");
    const address at = listening.local();
    if (accepts) {
      auto none = co_await attempt(within(1ms, listening.accept()));
      EXPECT_TRUE(fails(none, errc::timed_out));
    }
    listening.close();
    auto refused = co_await attempt(tcp::connect(at));
    EXPECT_TRUE(fails(refused, errc::refused)) << accepts;
  }
}

}  // namespace contract
