// SPDX-License-Identifier: MIT
// A stream with TLS is a stream: what the other tests ask of those, asked of these.
#include "contract/certificates.hpp"
#include "contract/contract.hpp"
#include "contract/tls_pair.hpp"

namespace contract {

BIGHT_TEST(tls, one_handler_serves_tcp_and_tls) {
  served plain;
  co_await serve_for(plain, tcp::serve("127.0.0.1:0", echo, plain.options()),
                     [](served& s) -> task<> {
                       auto peer = co_await tcp::connect(s.at.front());
                       co_await expect_echo(peer, "ping");
                     }(plain));
  served secure;
  std::string pin;
  tls::serve_options how;
  how.on_pin = [&pin](const std::string& told) { pin = told; };
  how.server = secure.options();
  co_await serve_for(secure, tls::serve("127.0.0.1:0", echo, how),
                     [](served& s, const std::string& told) -> task<> {
                       tls::connect_options o;
                       o.pins.push_back(told);
                       auto peer = co_await tls::connect(s.at.front(), o);
                       co_await expect_echo(peer, "ping");
                     }(secure, pin));
  EXPECT_EQ(secure.told(), "");
}

BIGHT_TEST(tls, both_ends_know_their_addresses) {
  auto pair = co_await connected_by_tls();
  EXPECT_EQ(pair.here.remote(), pair.there.local());
  EXPECT_EQ(pair.here.local(), pair.there.remote());
  EXPECT_TRUE(tls::info(pair.here));
  auto plain = co_await connected();
  EXPECT_FALSE(tls::info(plain.here));
}

BIGHT_TEST(tls, megabytes_arrive_both_ways_at_once) {
  auto pair = co_await connected_by_tls();
  constexpr std::uint64_t total = 8'000'000;
  co_await all(send_pattern(pair.here, total), expect_pattern(pair.there, total),
               send_pattern(pair.there, total), expect_pattern(pair.here, total));
}

BIGHT_TEST(tls, the_end_of_one_direction_keeps_the_other) {
  auto pair = co_await connected_by_tls();
  pair.here.shutdown_send();
  auto nothing = co_await pair.there.recv();
  EXPECT_TRUE(nothing.empty());
  co_await pair.there.send("answer");
  auto said = co_await pair.here.recv();
  EXPECT_EQ(said, "answer");
  auto sent = co_await attempt(pair.here.send("more"));
  EXPECT_TRUE(fails(sent, errc::closed));
  EXPECT_NO_THROW(pair.here.shutdown_send());
}

BIGHT_TEST(tls, the_end_is_returned_again_and_again) {
  auto pair = co_await connected_by_tls();
  pair.here.close();
  for (int i = 0; i < 3; ++i) {
    auto nothing = co_await pair.there.recv();
    EXPECT_TRUE(nothing.empty());
  }
}

BIGHT_TEST(tls, many_small_parts_are_sent_as_one_record) {
  auto pair = co_await connected_by_tls();
  co_await pair.here.send("a", "", "bc", std::string(1000, 'd'));
  auto said = co_await pair.there.recv();
  EXPECT_EQ(said, "abc" + std::string(1000, 'd'));
  std::vector<piece> none;
  co_await pair.here.send(std::span<piece>(none));
  std::string parts[100];
  std::vector<piece> pieces;
  for (int i = 0; i < 100; ++i) {
    parts[i] = std::string(static_cast<std::size_t>(i) * 100, static_cast<char>('0' + i % 10));
    pieces.emplace_back(parts[i]);
  }
  co_await pair.here.send(std::span<piece>(pieces));
  std::string whole;
  for (const std::string& p : parts) whole += p;
  const auto came = co_await recv_exactly(pair.there, whole.size());
  EXPECT_EQ(came, whole);
}

BIGHT_TEST(tls, a_receive_takes_no_more_than_it_asks_for) {
  auto pair = co_await connected_by_tls();
  co_await pair.here.send("abcdef");
  auto first = co_await pair.there.recv(2);
  EXPECT_EQ(first, "ab");
  std::byte into[3];
  const auto n = co_await pair.there.recv_into(into);
  EXPECT_EQ(n, 3u);
  EXPECT_EQ(std::string_view(reinterpret_cast<char*>(into), n), "cde");
  auto last = co_await pair.there.recv();
  EXPECT_EQ(last, "f");
}

// 64 receives complete at once in a turn while another task is ready. The next one is complete too,
// and waits for its turn: a stop finds it there, and what it has goes back.
task<> stop_receives_that_are_complete(bool into_a_buffer) {
  auto pair = co_await connected_by_tls();
  const std::string text(pattern::at(0, 3000));
  co_await pair.here.send(text);
  auto receive = [](stream& from, std::string& got, bool into) -> task<> {
    std::byte room[3];
    for (;;) {
      if (into) {
        const auto n = co_await attempt(from.recv_into(room));
        if (!n) co_return;
        got.append(reinterpret_cast<const char*>(room), *n);
      } else {
        const auto part = co_await attempt(from.recv(3));
        if (!part) co_return;
        got += part->view();
      }
    }
  };
  std::string got;
  while (got.size() < text.size()) {
    scope side(co_await current_context());
    side.spawn(some_turns(1));
    side.spawn(receive(pair.there, got, into_a_buffer));
    side.stop();
    co_await side.join();
    co_await sleep(0s);
  }
  EXPECT_EQ(got, text);
}

BIGHT_TEST(tls, a_receive_that_is_complete_and_is_stopped_leaves_its_bytes_to_the_next) {
  co_await stop_receives_that_are_complete(false);
}

BIGHT_TEST(tls, a_receive_into_a_buffer_that_is_complete_and_is_stopped_leaves_its_bytes) {
  co_await stop_receives_that_are_complete(true);
}

BIGHT_TEST(tls, a_deadline_loses_no_byte) {
  auto pair = co_await connected_by_tls();
  std::string came;
  int late = 0;
  auto talk = [](stream& to) -> task<> {
    for (int i = 0; i < 200; ++i) {
      co_await to.send("abcdefghij");
      co_await sleep(200us);
    }
    to.shutdown_send();
  };
  auto hear = [](stream& from, std::string& into, int& expired) -> task<> {
    for (;;) {
      auto part = co_await attempt(within(100us, from.recv(7)));
      if (!part && !part.error().is(errc::timed_out)) throw error(part.error());
      if (!part) {
        ++expired;
        continue;
      }
      if (part->empty()) co_return;
      into += part->view();
    }
  };
  co_await all(talk(pair.here), hear(pair.there, came, late));
  std::string expected;
  for (int i = 0; i < 200; ++i) expected += "abcdefghij";
  EXPECT_EQ(came, expected);
  EXPECT_GT(late, 0);
}

BIGHT_TEST(tls, a_send_that_is_cancelled_reports_exactly_the_bytes_that_arrive) {
  auto pair = co_await connected_by_tls();
  const std::string much = pattern::first(30'000'000);
  auto sent = co_await attempt(within(50ms, pair.here.send(much)));
  EXPECT_TRUE(fails(sent, errc::timed_out));
  const auto gone = sent.error().transferred();
  EXPECT_GT(gone, 0u);
  EXPECT_LT(gone, much.size());
  auto finish = [](stream& to) -> task<> {
    co_await to.send("!");
    to.shutdown_send();
  };
  std::string came;
  auto hear = [](stream& from, std::string& into) -> task<> { into = co_await recv_all(from); };
  co_await all(finish(pair.here), hear(pair.there, came));
  EXPECT_EQ(came.size(), gone + 1);
  EXPECT_TRUE(came == much.substr(0, gone) + "!");
}

BIGHT_TEST(tls, a_second_receive_and_a_second_send_are_busy) {
  auto pair = co_await connected_by_tls();
  auto two = [](stream& s) -> task<> {
    auto second = co_await attempt(s.recv());
    EXPECT_TRUE(fails(second, errc::busy));
    s.close();
  };
  auto first = [](stream& s) -> task<> {
    auto cancelled = co_await attempt(s.recv());
    EXPECT_TRUE(fails(cancelled, errc::cancelled));
  };
  co_await all(first(pair.here), two(pair.here));
}

BIGHT_TEST(tls, what_was_sent_before_the_close_arrives) {
  // A client that never reads, and a server that has its session tickets waiting for it.
  for (int i = 0; i < 50; ++i) {
    auto pair = co_await connected_by_tls();
    co_await pair.there.send("a word and away");
    pair.there.close();
    const auto came = co_await recv_all(pair.here);
    EXPECT_EQ(came, "a word and away");
  }
}

BIGHT_TEST(tls, a_closed_stream_says_so) {
  auto pair = co_await connected_by_tls();
  pair.here.close();
  co_await some_turns();
  auto outcome = co_await attempt(pair.here.recv());
  EXPECT_TRUE(fails(outcome, errc::closed));
  EXPECT_EQ(pair.here.remote(), address());
  EXPECT_FALSE(tls::info(pair.here));
}

BIGHT_TEST(tls, closing_ends_what_is_in_flight) {
  auto pair = co_await connected_by_tls();
  auto hear = [](stream& s) -> task<> {
    auto outcome = co_await attempt(s.recv());
    EXPECT_TRUE(fails(outcome, errc::cancelled));
  };
  auto send = [](stream& s) -> task<> {
    const std::string much = pattern::first(30'000'000);
    auto outcome = co_await attempt(s.send(much));
    EXPECT_TRUE(fails(outcome, errc::cancelled));
  };
  auto close = [](stream& s) -> task<> {
    co_await some_turns();
    s.close();
  };
  co_await all(hear(pair.here), send(pair.here), close(pair.here));
}

BIGHT_TEST(tls, a_runner_that_ends_early_closes_lingering_connections) {
  std::optional<ends> kept;
  runner other;
  // The peer does not read, so what is in flight cannot leave, and the runner dies at once.
  other.run([](std::optional<ends>& into) -> task<> {
    into.emplace(co_await connected_by_tls());
    const std::string much = pattern::first(20'000'000);
    static_cast<void>(co_await attempt(within(1ms, into->here.send(much))));
  }(kept));
  kept.reset();
  co_return;
}

BIGHT_TEST(tls, an_abort_is_a_reset_and_not_an_end) {
  auto pair = co_await connected_by_tls();
  pair.here.abort();
  auto outcome = co_await attempt(pair.there.recv());
  EXPECT_TRUE(fails(outcome, errc::reset));
}

BIGHT_TEST(tls, a_tls_stream_carries_tls) {
  auto outer = co_await connected_by_tls();
  auto inner = co_await tls_over(std::move(outer));
  constexpr std::uint64_t total = 1'000'000;
  co_await all(send_pattern(inner.here, total), expect_pattern(inner.there, total));
}

BIGHT_TEST(tls, a_unix_socket_carries_tls) {
  auto below = co_await connected("unix:@bight-tls-test-" + std::to_string(::getpid()));
  auto pair = co_await tls_over(std::move(below));
  co_await pair.here.send("hello");
  auto said = co_await pair.there.recv();
  EXPECT_EQ(said, "hello");
}

BIGHT_TEST(tls, a_second_connection_resumes_the_first) {
  tls_fixture f;
  auto first = co_await f.connect();
  EXPECT_FALSE(tls::info(first.there)->resumed);
  co_await first.here.send("x");
  co_await first.there.recv();  // and with it the session tickets
  auto second = co_await f.connect();
  EXPECT_TRUE(tls::info(second.there)->resumed);
  EXPECT_TRUE(tls::info(second.here)->resumed);
}

BIGHT_TEST(tls, G11_a_session_is_not_resumed_under_other_settings) {
  tls_fixture f;
  auto first = co_await f.connect();
  co_await first.here.send("x");
  co_await first.there.recv();
  f.options.protocols = {"other"};
  auto second = co_await f.connect();
  EXPECT_FALSE(tls::info(second.there)->resumed);
  f.options.protocols.clear();
  f.options.insecure = true;
  f.options.pins.clear();
  auto third = co_await f.connect();
  EXPECT_FALSE(tls::info(third.there)->resumed);
  f.options.insecure = false;
  f.options.pins.push_back(f.pin());
  f.options.name = "other.example";
  auto fourth = co_await f.connect();
  EXPECT_FALSE(tls::info(fourth.there)->resumed);
  f.options.name.clear();
  auto fifth = co_await f.connect();
  EXPECT_TRUE(tls::info(fifth.there)->resumed) << "the ticket of the first is still there";
}

}  // namespace contract
