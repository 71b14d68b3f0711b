// SPDX-License-Identifier: MIT
// How a server's session that ends well ends: its answer arrives.
#include <bight/serve.hpp>

#include "contract/session_trial.hpp"

namespace contract {

namespace {

constexpr std::size_t answer_size = 8'000'000;

// Reads the first word and answers at length; whatever else comes is not read.
task<> answer_at_length(stream peer) {
  EXPECT_EQ(co_await peer.recv(3), "ask");
  const std::string answer = pattern::first(answer_size);
  co_await peer.send(answer);
}

task<> answer_in_a_task(stream peer) { co_await answer_at_length(std::move(peer)); }

// Says more than is read, and reads slowly.
task<> ask_and_go_on(stream& peer, bool ends) {
  co_await peer.send("ask");
  co_await peer.send(pattern::first(1000));
  if (ends) peer.shutdown_send();
  std::size_t got = 0;
  bool right = true;
  for (;;) {
    auto next = co_await attempt(peer.recv());
    EXPECT_TRUE(next.has_value()) << next.error().what();
    if (!next || next->empty()) break;
    right = right && pattern::matches(got, *next);
    got += next->size();
    if (got < answer_size / 2) co_await sleep(200us);
  }
  EXPECT_EQ(got, answer_size);
  EXPECT_TRUE(right);
}

task<> ask_in_plain(trial& t, bool ends) {
  auto peer = co_await tcp::connect(t.s.at.front());
  co_await ask_and_go_on(peer, ends);
}

task<> ask_by_tls(trial& t, const std::string& pin, bool ends) {
  auto peer = co_await connect_with(pin, t.s.at.front());
  co_await ask_and_go_on(peer, ends);
}

}  // namespace

BIGHT_TEST(session_ends, an_answer_arrives_completely_with_input_unread) {
  for (const bool ends : {false, true}) {
    trial t;
    co_await serve_for(t.s, tcp::serve("127.0.0.1:0", answer_in_a_task, t.options()),
                       ask_in_plain(t, ends));
    EXPECT_EQ(t.s.told(), "");
  }
}

BIGHT_TEST(session_ends, an_answer_over_tls_arrives_completely_with_input_unread) {
  for (const bool ends : {false, true}) {
    trial t;
    std::string pin;
    tls::serve_options how = self_signed(pin);
    how.server = t.options();
    auto serving = tls::serve("127.0.0.1:0", answer_in_a_task, std::move(how));
    co_await serve_for(t.s, std::move(serving), ask_by_tls(t, pin, ends));
    EXPECT_EQ(t.s.told(), "");
  }
}

// Who never reads loses no answer to it either: a request is on its way to most servers.
BIGHT_TEST(session_ends, an_answer_of_a_session_that_never_reads_arrives_before_the_end) {
  trial t;
  auto say = [](stream peer) -> task<> { co_await peer.send("Back at noon"); };
  auto ask = [](trial& of) -> task<> {
    auto peer = co_await tcp::connect(of.s.at.front());
    co_await peer.send("GET / HTTP/1.1\r\n\r\n");
    of.got = co_await hear_out(peer);
  };
  co_await serve_for(t.s, tcp::serve("127.0.0.1:0", say, t.options()), ask(t));
  EXPECT_EQ(t.got.bytes, "Back at noon");
  EXPECT_TRUE(t.got.end.has_value()) << t.got.end.error().what();
}

// A peer that sends for ever is not read for ever.
BIGHT_TEST(session_ends, input_without_end_is_discarded_up_to_a_limit) {
  trial t;
  auto ask = [](trial& of) -> task<> {
    auto peer = co_await tcp::connect(of.s.at.front());
    co_await peer.send("ask");
    const std::string much = pattern::first(1'000'000);
    result<void> sent;
    while (sent) sent = co_await attempt(peer.send(much));
    EXPECT_TRUE(fails(sent, errc::reset) || fails(sent, errc::closed));
  };
  auto say = [](stream peer) -> task<> {
    EXPECT_EQ(co_await peer.recv(3), "ask");
    co_await peer.send("enough");
  };
  co_await serve_for(t.s, tcp::serve("127.0.0.1:0", say, t.options()), ask(t));
}

}  // namespace contract
