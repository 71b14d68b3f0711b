// SPDX-License-Identifier: MIT
// A session that waits for the drain of its server.
#include <bight/serve.hpp>

#include "contract/contract.hpp"

namespace contract {

// Keeps its connection for as long as there may be another question.
static task<> kept(stream peer) {
  co_await peer.send("in");
  for (;;) {
    auto come = co_await race(peer.recv(), until_drain());
    if (come.index() == 1) break;
    if (!std::get<0>(come)) co_return;
    co_await peer.send(std::get<0>(come));
  }
  EXPECT_TRUE(is_draining(co_await current_context()));
  co_await until_drain();  // at once
}

static task<> idle_client(served& s) {
  auto peer = co_await tcp::connect(s.at.front());
  EXPECT_EQ(co_await recv_exactly(peer, 2), "in");
  co_await expect_echo(peer, "question");
  s.drain.set();
  EXPECT_EQ(co_await recv_all(peer), "");
}

BIGHT_TEST(drain, a_session_that_awaits_it_does_not_delay_it) {
  served s;
  serve_options patient = s.options();
  patient.grace = 1h;
  co_await serve_for(s, tcp::serve("127.0.0.1:0", kept, patient), idle_client(s));
  EXPECT_EQ(s.drained, std::vector<std::size_t>{1});
  EXPECT_EQ(s.told(), "");
}

BIGHT_TEST(drain, a_session_of_tls_awaits_it_too) {
  served s;
  serve_options patient = s.options();
  patient.grace = 1h;
  tls::serve_options how;
  how.on_pin = [](const std::string&) {};
  auto client = [](served& server) -> task<> {
    tls::connect_options trusting;
    trusting.insecure = true;
    auto peer = co_await tls::connect(server.at.front(), trusting);
    EXPECT_EQ(co_await recv_exactly(peer, 2), "in");
    server.drain.set();
    EXPECT_EQ(co_await recv_all(peer), "");
  };
  how.server = patient;
  co_await serve_for(s, tls::serve("127.0.0.1:0", kept, how), client(s));
  EXPECT_EQ(s.told(), "");
}

BIGHT_TEST(drain, a_session_of_a_datagram_awaits_it_too) {
  served s;
  serve_options patient = s.options();
  patient.grace = 1h;
  auto answer_late = [](udp::request asked) -> task<> {
    co_await asked.reply("wait");
    co_await until_drain();
    co_await asked.reply("bye");
  };
  auto client = [](served& server) -> task<> {
    auto peer = co_await udp::connect(server.at.front());
    co_await peer.send("x");
    EXPECT_EQ((co_await peer.recv()).data, "wait");
    server.drain.set();
    EXPECT_EQ((co_await peer.recv()).data, "bye");
  };
  co_await serve_for(s, udp::serve("127.0.0.1:0", answer_late, patient), client(s));
  EXPECT_EQ(s.told(), "");
}

// Two servers on one loop, and a session waits for its own.
BIGHT_TEST(drain, of_another_server_does_not_reach_a_session) {
  served outer;
  auto client = [](served& of) -> task<> {
    served other;
    auto drained_early = [](served& s) -> task<> {
      auto peer = co_await tcp::connect(s.at.front());
      EXPECT_EQ(co_await recv_exactly(peer, 2), "in");
    };
    auto peer = co_await tcp::connect(of.at.front());
    EXPECT_EQ(co_await recv_exactly(peer, 2), "in");
    co_await serve_for(other, tcp::serve("127.0.0.1:0", kept, other.options()),
                       drained_early(other));
    EXPECT_EQ(other.drained.size(), 1u);
    co_await expect_echo(peer, "still here");
  };
  co_await serve_for(outer, tcp::serve("127.0.0.1:0", kept, outer.options()), client(outer));
  EXPECT_EQ(outer.told(), "");
}

BIGHT_TEST(drain, outside_of_any_server_never_comes) {
  EXPECT_FALSE(is_draining(co_await current_context()));
  auto outcome = co_await attempt(within(1ms, until_drain()));
  EXPECT_TRUE(fails(outcome, errc::timed_out));
}

}  // namespace contract
