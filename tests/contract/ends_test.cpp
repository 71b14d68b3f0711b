// SPDX-License-Identifier: MIT
// How connections end: each row of the table of measured kernel behaviour that a stream's user
// sees.
#include <bight/stream.hpp>

#include "base/names.hpp"
#include "contract/contract.hpp"

#include <array>
#include <cerrno>
#include <csignal>

namespace contract {

// Every receive and every send fails so, again and again.
static task<> expect_failed_for_good(stream& s, errc how) {
  std::array<std::byte, 8> buffer{};
  for (int i = 0; i < 3; ++i) {
    auto received = co_await attempt(s.recv());
    EXPECT_TRUE(fails(received, how));
    auto sent = co_await attempt(s.send("more?"));
    EXPECT_TRUE(fails(sent, how));
    auto into = co_await attempt(s.recv_into(buffer));
    EXPECT_TRUE(fails(into, how));
    auto late = co_await attempt(within(1s, s.recv()));
    EXPECT_TRUE(fails(late, how));
    co_await some_turns(2);
  }
}

BIGHT_TEST(ends, data_before_a_reset_is_delivered_and_then_the_reset_permanently) {
  auto pair = co_await connected_to_raw();
  pair.peer.send(pattern::first(100));
  pair.peer.reset();
  EXPECT_EQ(co_await recv_exactly(pair.here, 100), pattern::first(100));
  co_await expect_failed_for_good(pair.here, errc::reset);
}

BIGHT_TEST(ends, a_reset_reported_by_a_waiting_receive_stays) {
  auto pair = co_await connected_to_raw();
  auto peer = [](raw::socket& s) -> task<> {
    co_await some_turns();
    s.reset();
  };
  auto reading = [](stream& s) -> task<> {
    auto outcome = co_await attempt(s.recv());
    EXPECT_TRUE(fails(outcome, errc::reset));
  };
  co_await all(reading(pair.here), peer(pair.peer));
  co_await expect_failed_for_good(pair.here, errc::reset);
}

BIGHT_TEST(ends, a_reset_reported_by_recv_into_stays) {
  auto pair = co_await connected();
  std::array<std::byte, 8> buffer{};
  co_await pair.there.send("x");
  EXPECT_EQ(co_await pair.here.recv_into(buffer), 1u);
  pair.there.abort();
  auto outcome = co_await attempt(pair.here.recv_into(buffer));
  EXPECT_TRUE(fails(outcome, errc::reset));
  co_await expect_failed_for_good(pair.here, errc::reset);
}

// The kernel gives the connection up itself, as it does when keep-alive finds nobody.
BIGHT_TEST(ends, a_connection_that_timed_out_stays_so_and_differs_from_a_deadline) {
  auto pair = co_await connected_to_raw(4096);
  if (on_sim()) co_return;  // tests/scenario has keep-alive
  pair.here.set(options::user_timeout, 100);
  pair.here.set(options::send_buffer, 4096);
  auto late = co_await attempt(within(1ms, pair.here.recv()));
  EXPECT_TRUE(fails(late, errc::timed_out));
  EXPECT_FALSE(late.error().is(errc::connection_timed_out));
  const std::string much(1'000'000, 'x');
  auto sent = co_await attempt(pair.here.send(much));  // the peer's window stays shut
  EXPECT_TRUE(fails(sent, errc::timed_out));
  EXPECT_TRUE(fails(sent, errc::connection_timed_out));
  co_await expect_failed_for_good(pair.here, errc::connection_timed_out);
  co_await expect_failed_for_good(pair.here, errc::timed_out);
}

BIGHT_TEST(ends, data_before_a_reset_reaches_a_receive_that_waits) {
  auto pair = co_await connected_to_raw();
  auto peer = [](raw::socket& s) -> task<> {
    co_await some_turns();
    s.send("last");
    s.reset();
  };
  auto reading = [](stream& s) -> task<> {
    EXPECT_EQ(co_await recv_exactly(s, 4), "last");
    auto after = co_await attempt(s.recv());
    EXPECT_TRUE(fails(after, errc::reset));
  };
  co_await all(reading(pair.here), peer(pair.peer));
}

BIGHT_TEST(ends, data_before_a_reset_reaches_recv_into_too) {
  auto pair = co_await connected_to_raw();
  pair.peer.send(pattern::first(100));
  pair.peer.reset();
  std::array<std::byte, 60> buffer{};
  EXPECT_EQ(co_await pair.here.recv_into(buffer), 60u);
  EXPECT_EQ(co_await pair.here.recv_into(buffer), 40u);
  auto after = co_await attempt(pair.here.recv_into(buffer));
  EXPECT_TRUE(fails(after, errc::reset));
}

BIGHT_TEST(ends, a_peer_that_closes_without_reading_replies_and_then_resets) {
  auto pair = co_await connected_to_raw();
  co_await pair.here.send(pattern::first(1000));
  pair.peer.send("reply");
  pair.peer.close();  // 1,000 bytes unread: RFC 2525 §2.17 wants a reset
  EXPECT_EQ(co_await recv_exactly(pair.here, 5), "reply");
  co_await expect_failed_for_good(pair.here, errc::reset);
}

BIGHT_TEST(ends, a_reset_reported_by_a_send_is_not_an_end_for_a_receive) {
  auto pair = co_await connected_to_raw();
  pair.peer.send("half of ");
  pair.peer.reset();
  auto sent = co_await attempt(pair.here.send("more?"));
  EXPECT_TRUE(fails(sent, errc::reset));
  EXPECT_EQ(co_await recv_exactly(pair.here, 8), "half of ");
  co_await expect_failed_for_good(pair.here, errc::reset);
}

BIGHT_TEST(ends, a_close_with_bytes_unread_is_a_reset_wherever_they_wait) {
  auto pair = co_await connected();
  co_await pair.there.send(pattern::first(100));
  EXPECT_EQ(co_await recv_exactly(pair.here, 10), pattern::first(10));
  co_await some_turns();  // an engine may have taken the rest from the kernel by now
  pair.here.close();
  auto after = co_await attempt(pair.there.recv());
  EXPECT_TRUE(fails(after, errc::reset));
}

BIGHT_TEST(ends, a_write_after_the_peer_closed_succeeds_once_and_then_is_closed) {
  auto pair = co_await connected_to_raw();
  pair.peer.close();
  auto first = co_await attempt(pair.here.send("a"));
  EXPECT_TRUE(static_cast<bool>(first));  // a send that succeeds proves nothing
  for (int i = 0; i < 3; ++i) {
    auto next = co_await attempt(pair.here.send("b"));
    EXPECT_TRUE(fails(next, errc::closed));  // and no SIGPIPE has ended this program
  }
}

BIGHT_TEST(ends, a_send_that_waits_ends_when_the_peer_resets) {
  auto pair = co_await connected_to_raw(4096);
  const std::string much(50'000'000, 'x');
  auto peer = [](raw::socket& s) -> task<> {
    co_await some_turns();
    s.reset();
  };
  auto sending = [](stream& s, const std::string& bytes) -> task<> {
    auto outcome = co_await attempt(s.send(bytes));
    // The kernel says ECONNRESET once and EPIPE from then on; io_uring, which sends on by itself,
    // may have swallowed the first. No program can tell the two apart in any case.
    EXPECT_TRUE(fails(outcome, errc::reset) || fails(outcome, errc::closed));
    EXPECT_GT(outcome.error().transferred(), 0u);
    EXPECT_LT(outcome.error().transferred(), bytes.size());
  };
  co_await all(sending(pair.here, much), peer(pair.peer));
}

BIGHT_TEST(ends, a_reported_end_stays_an_end_after_a_reset) {
  auto pair = co_await connected();
  pair.there.shutdown_send();
  EXPECT_TRUE((co_await pair.here.recv()).empty());
  const std::string much(50'000'000, 'x');
  const auto sent = co_await attempt(within(20ms, pair.here.send(much)));
  EXPECT_TRUE(fails(sent, errc::timed_out));
  pair.here.shutdown_send();
  pair.there.abort();
  co_await some_turns();
  auto after = co_await attempt(pair.here.send("more?"));
  EXPECT_FALSE(after);
  EXPECT_TRUE((co_await pair.here.recv()).empty());  // everything has come: nothing is cut short
  EXPECT_TRUE((co_await pair.here.recv()).empty());
}

BIGHT_TEST(ends, bytes_and_an_end_before_a_reset_are_delivered) {
  auto pair = co_await connected();
  co_await pair.there.send("first");
  EXPECT_EQ(co_await pair.here.recv(), "first");
  const auto nothing = co_await attempt(within(5ms, pair.here.recv()));  // from now on it listens
  EXPECT_TRUE(fails(nothing, errc::timed_out));
  const std::string much(50'000'000, 'x');
  const auto sent = co_await attempt(within(20ms, pair.here.send(much)));
  EXPECT_TRUE(fails(sent, errc::timed_out));
  co_await pair.there.send("last");
  pair.there.shutdown_send();
  co_await some_turns();
  pair.here.shutdown_send();
  pair.there.abort();
  co_await some_turns();
  auto after = co_await attempt(pair.here.send("more?"));
  EXPECT_FALSE(after);
  EXPECT_EQ(co_await recv_all(pair.here), "last");
}

BIGHT_TEST(ends, a_client_that_resets_before_accept_begins_a_session_that_ends) {
  auto listening = co_await tcp::listen("127.0.0.1:0");
  auto client = raw::connect(listening.local());
  const address who = client.local();
  client.reset();
  auto accepted = co_await listening.accept();
  EXPECT_EQ(accepted.remote(), who);
  auto received = co_await attempt(accepted.recv());
  EXPECT_TRUE(fails(received, errc::reset));
  // The listener is none the worse.
  auto other = raw::connect(listening.local());
  auto next = co_await listening.accept();
  other.send("hello");
  EXPECT_EQ(co_await next.recv(), "hello");
}

BIGHT_TEST(ends, after_the_end_of_a_request_the_response_can_still_be_sent) {
  auto pair = co_await connected();
  auto client = [](stream& s) -> task<> {
    co_await s.send("request");
    s.shutdown_send();
    EXPECT_EQ(co_await recv_all(s), "response");
    auto sent = co_await attempt(s.send("more"));
    EXPECT_TRUE(fails(sent, errc::closed));
  };
  auto server = [](stream& s) -> task<> {
    EXPECT_EQ(co_await recv_all(s), "request");
    co_await s.send("response");
    s.shutdown_send();
  };
  co_await all(client(pair.there), server(pair.here));
}

BIGHT_TEST(ends, a_response_can_be_many_sends_after_the_peers_end) {
  auto pair = co_await connected();
  pair.there.shutdown_send();
  EXPECT_TRUE((co_await pair.here.recv()).empty());
  co_await all(send_pattern(pair.here, 5'000'000), expect_pattern(pair.there, 5'000'000));
}

BIGHT_TEST(ends, last_data_and_the_end_that_arrive_together_are_reported_in_order) {
  auto pair = co_await connected_to_raw();
  pair.peer.send("last");
  pair.peer.close();
  EXPECT_EQ(co_await pair.here.recv(2), "la");
  EXPECT_EQ(co_await pair.here.recv(), "st");
  EXPECT_TRUE((co_await pair.here.recv()).empty());
}

BIGHT_TEST(ends, both_may_close_at_once) {
  auto pair = co_await connected();
  pair.here.shutdown_send();
  pair.there.shutdown_send();
  EXPECT_TRUE((co_await pair.here.recv()).empty());
  EXPECT_TRUE((co_await pair.there.recv()).empty());
}

BIGHT_TEST(ends, an_urgent_byte_stays_in_its_place) {
  auto pair = co_await connected_to_raw();
  pair.peer.send("ab");
  pair.peer.send_urgent('X');
  pair.peer.send("cd");
  pair.peer.shutdown_send();
  EXPECT_EQ(co_await recv_all(pair.here), "abXcd");
}

BIGHT_TEST(ends, an_urgent_byte_to_a_client_stays_in_its_place) {
  const auto listening = raw::listen("127.0.0.1:0");
  auto client = co_await tcp::connect(listening.local());
  auto peer = raw::accept(listening);
  peer.send("ab");
  peer.send_urgent('X');
  peer.send("cd");
  peer.shutdown_send();
  EXPECT_EQ(co_await recv_all(client), "abXcd");
}

BIGHT_TEST(ends, abort_gives_the_peer_a_reset) {
  auto pair = co_await connected_to_raw();
  pair.here.abort();
  co_await until_readable(pair.peer);
  EXPECT_EQ(pair.peer.recv_error(), ECONNRESET);
  auto waiting = co_await connected_to_raw();  // with a receive in flight
  scope side(co_await current_context());
  auto receive = [](stream& s) -> task<> {
    auto outcome = co_await attempt(s.recv());
    EXPECT_TRUE(fails(outcome, errc::cancelled));
  };
  side.spawn(receive(waiting.here));
  co_await some_turns();
  waiting.here.abort();
  co_await side.join();
  co_await until_readable(waiting.peer);
  EXPECT_EQ(waiting.peer.recv_error(), ECONNRESET);
}

BIGHT_TEST(ends, after_a_close_the_peer_receives_what_was_sent_and_then_an_end) {
  auto pair = co_await connected_to_raw();
  co_await pair.here.send("all of it");
  pair.here.close();
  EXPECT_EQ(co_await recv_all(pair.peer), "all of it");
  EXPECT_EQ(pair.peer.recv_error(), 0);
}

BIGHT_TEST(ends, close_ends_a_receive_in_flight_and_later_bytes_touch_no_buffer) {
  auto pair = co_await connected_to_raw();
  std::array<std::byte, 64> buffer{};
  auto receive = [](stream& s, std::span<std::byte> into) -> task<> {
    auto outcome = co_await attempt(s.recv_into(into));
    EXPECT_TRUE(fails(outcome, errc::cancelled));
  };
  scope side(co_await current_context());
  side.spawn(receive(pair.here, buffer));
  co_await some_turns();
  pair.here.close();
  co_await side.join();
  pair.peer.send("too late");
  co_await some_turns();
  EXPECT_EQ(buffer, (std::array<std::byte, 64>{}));
}

BIGHT_TEST(ends, close_ends_a_leasing_receive_and_a_send_in_flight) {
  auto pair = co_await connected();
  const std::string much(50'000'000, 'x');
  auto receive = [](stream& s) -> task<> {
    auto outcome = co_await attempt(s.recv());
    EXPECT_TRUE(fails(outcome, errc::cancelled));
  };
  auto send = [](stream& s, const std::string& bytes) -> task<> {
    auto outcome = co_await attempt(s.send(bytes));
    EXPECT_TRUE(fails(outcome, errc::cancelled));
  };
  scope side(co_await current_context());
  side.spawn(receive(pair.here));
  side.spawn(send(pair.here, much));
  co_await some_turns();
  pair.here.close();
  co_await side.join();
}

BIGHT_TEST(ends, a_handle_that_is_used_again_is_not_mistaken_for_the_old_one) {
  // The descriptor of the closed stream is the next that the kernel gives.
  auto first = co_await connected();
  const handle old = first.here.id();
  first.here.close();
  auto second = co_await connected();
  EXPECT_NE(second.here.id(), old);
  EXPECT_NE(second.there.id(), old);
  co_await second.there.send("x");
  EXPECT_EQ(co_await second.here.recv(), "x");
}

}  // namespace contract
