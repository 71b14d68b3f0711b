// SPDX-License-Identifier: MIT
// A unix socket gives its peer a reset only for input that the kernel still holds: unix(7). So no
// engine may take from it what nobody has asked for.
#include <bight/unix_socket.hpp>

#include "contract/session_trial.hpp"

#include <array>

namespace contract {

namespace {

std::string abstract_path(const char* of) {
  return "@bight-unix-reset-" + std::to_string(getpid()) + "-" + of;
}

task<ends> connected_here(const char* of) {
  co_return co_await connected("unix:" + abstract_path(of));
}

task<> expect_reset(stream& peer) {
  auto reset = co_await attempt(peer.recv());
  EXPECT_TRUE(fails(reset, errc::reset));
  auto again = co_await attempt(peer.recv());
  EXPECT_TRUE(fails(again, errc::reset));
}

task<> expect_clean_end(stream& peer) {
  for (int i = 0; i < 2; ++i) {
    auto end = co_await attempt(within(patience, peer.recv()));
    EXPECT_TRUE(end && end->empty()) << (end ? "bytes" : end.error().what());
  }
}

// A session that has answered a part and fails, with bytes of its client unread.
task<> answer_a_part_and_fail(stream peer) {
  EXPECT_EQ(co_await recv_exactly(peer, 3), "abc");
  co_await peer.send("half");
  throw error(errc::invalid, "the session");
}

task<> ask_and_hear(trial& t) {
  auto peer = co_await tcp::connect(t.s.at.front());
  co_await peer.send("abcdef");
  t.got = co_await hear_out(peer);
}

}  // namespace

BIGHT_TEST(unix_reset, bytes_after_those_that_were_received) {
  auto pair = co_await connected_here("rest");
  co_await pair.there.send("0123456789");
  auto front = co_await pair.here.recv(3);
  EXPECT_EQ(front, "012");
  co_await some_turns();
  pair.here.close();
  co_await expect_reset(pair.there);
}

BIGHT_TEST(unix_reset, bytes_after_those_that_were_received_into_a_buffer) {
  auto pair = co_await connected_here("into");
  for (int i = 0; i < 2; ++i) {
    co_await pair.there.send("0123456789");
    std::array<std::byte, 10> buffer;
    auto taken = co_await pair.here.recv_into(std::span(buffer).first(i == 0 ? 10 : 4));
    EXPECT_EQ(taken, i == 0 ? 10U : 4U);
  }
  co_await some_turns();
  pair.here.close();
  co_await expect_reset(pair.there);
}

BIGHT_TEST(unix_reset, bytes_that_came_when_nobody_received_any_more) {
  auto pair = co_await connected_here("later");
  for (const char* part : {"one", "two"}) {
    co_await pair.there.send(part);
    auto got = co_await pair.here.recv();
    EXPECT_EQ(got, part);
  }
  auto none = co_await attempt(within(1ms, pair.here.recv()));
  EXPECT_TRUE(fails(none, errc::timed_out));
  co_await some_turns();
  co_await pair.there.send("three");
  co_await some_turns();
  pair.here.close();
  co_await expect_reset(pair.there);
}

BIGHT_TEST(unix_reset, an_abort_after_an_answer) {
  auto pair = co_await connected_here("abort");
  co_await pair.there.send("0123456789");
  auto front = co_await pair.here.recv(3);
  EXPECT_EQ(front, "012");
  co_await some_turns();
  co_await pair.here.send("half");
  pair.here.abort();
  EXPECT_EQ(co_await recv_exactly(pair.there, 4), "half");
  co_await expect_reset(pair.there);
}

BIGHT_TEST(unix_reset, a_session_that_fails_with_input_unread) {
  trial t;
  const address at("unix:" + abstract_path("session"));
  co_await serve_for(t.s, tcp::serve(at, answer_a_part_and_fail, t.options()), ask_and_hear(t));
  EXPECT_EQ(t.got.bytes, "half");
  EXPECT_TRUE(fails(t.got.end, errc::reset));
  EXPECT_EQ(t.s.errors.size(), 1U) << t.s.told();
}

BIGHT_TEST(unix_reset, a_session_that_succeeds_with_input_unread_sends_none) {
  trial t;
  const address at("unix:" + abstract_path("well"));
  auto answer = [](stream peer) -> task<> {
    EXPECT_EQ(co_await recv_exactly(peer, 3), "abc");
    co_await peer.send("whole");
  };
  co_await serve_for(t.s, tcp::serve(at, answer, t.options()), ask_and_hear(t));
  EXPECT_EQ(t.got.bytes, "whole");
  EXPECT_TRUE(t.got.end) << t.got.end.error().what();
}

// ── Connections that nobody has accepted ────────────────────────────────────────────────────────

BIGHT_TEST(unix_reset, connections_after_the_one_that_was_accepted) {
  const std::string name = abstract_path("backlog");
  auto listening = co_await unix_socket::listen(name);
  std::vector<stream> clients;
  for (int i = 0; i < 4; ++i) clients.push_back(co_await unix_socket::connect(name));
  auto first = co_await listening.accept();
  co_await some_turns();
  listening.close();
  for (std::size_t i = 1; i < clients.size(); ++i) {
    auto heard = expect_reset(clients[i]);
    co_await std::move(heard);
  }
  first.close();
  auto heard = expect_clean_end(clients[0]);
  co_await std::move(heard);
}

BIGHT_TEST(unix_reset, connections_that_came_after_an_accept_was_cancelled) {
  const std::string name = abstract_path("cancelled");
  auto listening = co_await unix_socket::listen(name);
  auto none = co_await attempt(within(1ms, listening.accept()));
  EXPECT_TRUE(fails(none, errc::timed_out));
  co_await some_turns();
  auto silent = co_await unix_socket::connect(name);
  auto talker = co_await unix_socket::connect(name);
  co_await talker.send("hello");
  co_await some_turns();
  listening.close();
  for (stream* peer : {&silent, &talker}) {
    co_await expect_reset(*peer);
  }
}

BIGHT_TEST(unix_reset, connections_that_wait_for_a_server_that_drains) {
  served s;
  serve_options one = s.options();
  one.max_connections = 1;
  const address at("unix:" + abstract_path("drain"));
  auto ask = [](served& of) -> task<> {
    auto first = co_await tcp::connect(of.at.front());
    co_await expect_echo(first, "here");
    auto second = co_await tcp::connect(of.at.front());
    auto third = co_await tcp::connect(of.at.front());
    co_await some_turns();
    of.drain.set();
    for (stream* peer : {&second, &third}) {
      co_await expect_reset(*peer);
    }
    first.close();
  };
  co_await serve_for(s, tcp::serve(at, echo, one), ask(s));
  EXPECT_TRUE(s.errors.empty()) << s.told();
}

}  // namespace contract
