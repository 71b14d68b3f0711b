// SPDX-License-Identifier: MIT
#include <bight/udp.hpp>

#include "contract/contract.hpp"

#include <atomic>
#include <set>
#include <string>
#include <thread>

namespace contract {

static task<> greet(udp::request asked) { co_await asked.reply("Hello, ", asked.data(), "!"); }

static task<> ask_twice(udp::socket& client) {
  for (const char* name : {"dbb", "lily"}) {
    co_await client.send(name);
    auto answer = co_await client.recv();
    EXPECT_EQ(answer.data, std::string("Hello, ") + name + "!");
  }
}

static task<> ask_twice(served& s) {
  auto client = co_await udp::connect(s.at.front());
  co_await ask_twice(client);
}

BIGHT_TEST(udp_serve, answers_every_datagram) {
  served s;
  co_await serve_for(s, udp::serve("127.0.0.1:0", greet, s.options()), ask_twice(s));
  EXPECT_EQ(s.told(), "");
  EXPECT_EQ(s.drained.size(), 1u);
}

// Sends so many before it looks at an answer.
static task<> ask_at_once(udp::socket& client, int count) {
  std::multiset<std::string> wanted;
  std::multiset<std::string> told;
  for (int i = 0; i < count; ++i) {
    co_await client.send(std::to_string(i));
    wanted.insert("Hello, " + std::to_string(i) + "!");
  }
  for (int i = 0; i < count; ++i) told.insert((co_await client.recv()).data.str());
  EXPECT_EQ(told, wanted);
}

// A busy socket is treated otherwise than one that is not, and each may become the other.
static task<> ask_in_bursts(served& s) {
  auto one = co_await udp::connect(s.at.front());
  auto other = co_await udp::connect(s.at.front());
  for (int i = 0; i < 4; ++i) {
    co_await all(ask_at_once(one, 70), ask_at_once(other, 30));
    co_await ask_twice(one);
    co_await sleep(5ms);
    co_await ask_twice(other);
  }
}

BIGHT_TEST(udp_serve, answers_bursts_and_single_datagrams_in_turns) {
  served s;
  co_await serve_for(s, udp::serve("127.0.0.1:0", greet, s.options()), ask_in_bursts(s));
  EXPECT_EQ(s.told(), "");
  // The server has gone, with whatever the engine had made of a busy socket.
  auto again = co_await udp::bind(s.at.front());
  EXPECT_EQ(again.local(), s.at.front());
}

static task<> ask_at_once(served& s) {
  auto client = co_await udp::connect(s.at.front());
  for (int i = 0; i < 10; ++i) {
    for (int k = 0; k < 60; ++k) co_await client.send("into the drain");
    if (i < 9) co_await client.recv();
  }
}

BIGHT_TEST(udp_serve, drains_in_the_middle_of_a_burst) {
  for (int i = 0; i < 3; ++i) {
    served s;
    co_await serve_for(s, udp::serve("127.0.0.1:0", greet, s.options()), ask_at_once(s));
    EXPECT_EQ(s.told(), "");
    EXPECT_EQ(s.drained.size(), 1u);
  }
}

struct paced {
  served s;
  int sessions = 0;
  int most = 0;  // in one turn
};

static task<> count_one(paced& p, udp::request) {
  ++p.sessions;
  co_return;
}

static task<> watch_the_turns(paced& p) {
  needs_kernel("sends without a turn of the loop");
  const auto from = raw::datagram("127.0.0.1:0");
  constexpr int all = 200;
  for (int i = 0; i < all; ++i) from.send_to(p.s.at.front(), "x");
  for (int before = 0; p.sessions < all; before = p.sessions) {
    co_await some_turns(1);
    p.most = std::max(p.most, p.sessions - before);
  }
}

BIGHT_TEST(udp_serve, a_turn_starts_at_most_64_sessions_of_a_socket) {
  paced p;
  co_await serve_for(p.s, udp::serve("127.0.0.1:0", with(p, +count_one), p.s.options()),
                     watch_the_turns(p));
  EXPECT_GT(p.most, 0);
  EXPECT_LE(p.most, 64);
}

static task<> ask_and_vanish(served& s) {
  // Bound before the others, or it might get the port of one and with it that one's answer.
  auto asker = co_await udp::connect(s.at.front());
  for (int i = 0; i < 20; ++i) {
    auto client = raw::datagram("127.0.0.1:0");
    client.send_to(s.at.front(), "vanishing");
    client.close();  // before the answer: the server's reply finds nobody
  }
  co_await ask_twice(asker);
}

BIGHT_TEST(udp_serve, clients_that_have_gone_are_not_reported) {
  served s;
  co_await serve_for(s, udp::serve("127.0.0.1:0", greet, s.options()), ask_and_vanish(s));
  EXPECT_EQ(s.told(), "");
}

static task<> fail_or_greet(udp::request asked) {
  if (asked.data() == "throw") throw std::runtime_error("handler");
  if (asked.data() == "int") throw 7;
  co_await asked.reply("Hello, ", asked.data(), "!");
}

static task<> ask_for_trouble(served& s) {
  auto client = co_await udp::connect(s.at.front());
  co_await client.send("throw");
  co_await client.send("int");
  co_await ask_twice(s);
}

BIGHT_TEST(udp_serve, a_handler_that_throws_fails_alone_and_is_reported) {
  served s;
  co_await serve_for(s, udp::serve("127.0.0.1:0", fail_or_greet, s.options()), ask_for_trouble(s));
  EXPECT_EQ(s.errors.size(), 2u) << s.told();
}

struct datagrams_counted {
  served s;
  std::size_t now = 0;
  std::size_t most = 0;
};

static task<> count_sessions(datagrams_counted& c, udp::request asked) {
  c.most = std::max(c.most, ++c.now);
  co_await some_turns(5);
  --c.now;
  co_await asked.reply("done");
}

static task<> ask_many_at_once(datagrams_counted& c) {
  auto client = co_await udp::connect(c.s.at.front());
  for (int i = 0; i < 30; ++i) co_await client.send("x");
  for (int i = 0; i < 30; ++i) EXPECT_EQ((co_await client.recv()).data, "done");
}

BIGHT_TEST(udp_serve, runs_at_most_max_connections_sessions_and_loses_nothing) {
  datagrams_counted c;
  serve_options few = c.s.options();
  few.max_connections = 3;
  co_await serve_for(c.s, udp::serve("127.0.0.1:0", with(c, +count_sessions), few),
                     ask_many_at_once(c));
  EXPECT_EQ(c.most, 3u);
}

// A flood of datagrams to one server must leave TCP sessions on the same loop their turns.
static task<> echo_through_the_flood(served& tcp_side, served& udp_side) {
  needs_kernel("floods from another thread");
  std::atomic<bool> over{false};
  std::thread flood([&over, to = udp_side.at.front()] {
    const auto from = raw::datagram("127.0.0.1:0");
    while (!over) from.send_to(to, "flood");
  });
  auto talk = [](address at) -> task<> {
    auto peer = co_await tcp::connect(at);
    for (int i = 0; i < 300; ++i) {
      co_await peer.send("ping");
      EXPECT_EQ(co_await recv_exactly(peer, 4), "ping");
    }
  };
  auto outcome = co_await attempt(within(20s, talk(tcp_side.at.front())));
  over = true;
  flood.join();
  EXPECT_TRUE(static_cast<bool>(outcome)) << "300 round trips took more than 20 s";
}

static task<> ignore(udp::request) { co_return; }

BIGHT_TEST(udp_serve, a_flood_of_datagrams_does_not_starve_a_tcp_session) {
  served tcp_side;
  served udp_side;
  auto inner = [](served& t, served& u) -> task<> {
    co_await serve_for(u, udp::serve("127.0.0.1:0", ignore, u.options()),
                       echo_through_the_flood(t, u));
  };
  co_await serve_for(tcp_side, tcp::serve("127.0.0.1:0", echo, tcp_side.options()),
                     inner(tcp_side, udp_side));
}

BIGHT_TEST(udp_serve, a_name_is_served_on_all_its_addresses) {
  served s;
  auto ask_all = [](served& server) -> task<> {
    for (const address& at : server.at) {
      EXPECT_EQ(at.port(), server.at.front().port());
      auto client = co_await udp::connect(at);
      co_await client.send("you");
      EXPECT_EQ((co_await client.recv()).data, "Hello, you!");
    }
  };
  co_await serve_for(s, udp::serve("localhost:0", greet, s.options()), ask_all(s));
  auto names = co_await resolve("localhost:0");
  EXPECT_EQ(s.at.size(), names.size());
}

}  // namespace contract
