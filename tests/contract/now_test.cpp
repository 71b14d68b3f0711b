// SPDX-License-Identifier: MIT
// What is there already: within(0s, …) and try_recv() give it on every engine, and wait for
// nothing.
#include <bight/deadline.hpp>

#include "contract/contract.hpp"
#include "contract/tls_pair.hpp"

namespace contract {

namespace {

task<> expect_what_is_there(stream& here, stream& there) {
  auto nothing = co_await attempt(within(0s, here.recv()));
  EXPECT_TRUE(fails(nothing, errc::timed_out));
  EXPECT_FALSE((co_await here.try_recv()).has_value());
  for (int i = 0; i < 3; ++i) {
    co_await there.send("abcd");
    co_await some_turns();
    EXPECT_EQ(co_await within(0s, here.recv(1)), "a");
    EXPECT_EQ(co_await within(-1s, here.recv(1)), "b");
    std::array<std::byte, 1> into{};
    EXPECT_EQ(co_await within(0s, here.recv_into(into)), 1u);
    auto last = co_await here.try_recv();
    EXPECT_TRUE(last && *last == "d");
    EXPECT_FALSE((co_await here.try_recv()).has_value());
  }
  there.shutdown_send();
  co_await some_turns();
  auto end = co_await here.try_recv();
  EXPECT_TRUE(end && end->empty());
  EXPECT_TRUE((co_await within(0s, here.recv())).empty());
}

}  // namespace

BIGHT_TEST(now, a_stream_returns_available_bytes) {
  auto pair = co_await connected();
  co_await expect_what_is_there(pair.here, pair.there);
}

BIGHT_TEST(now, a_first_receive_returns_available_bytes) {
  for (int i = 0; i < 3; ++i) {
    auto pair = co_await connected_to_raw();
    pair.peer.send("there");
    if (on_sim()) co_return;
    if (i == 0) {
      EXPECT_EQ(co_await within(0s, pair.here.recv()), "there");
    } else if (i == 1) {
      EXPECT_EQ(co_await pair.here.try_recv(), "there");
    } else {
      std::array<std::byte, 9> into{};
      EXPECT_EQ(co_await within(0s, pair.here.recv_into(into)), 5u);
    }
  }
}

BIGHT_TEST(now, a_tls_stream_returns_available_bytes) {
  auto pair = co_await connected_by_tls();
  co_await expect_what_is_there(pair.here, pair.there);
}

BIGHT_TEST(now, a_unix_socket_returns_available_bytes) {
  auto pair = co_await connected("unix:@bight-now-test-" + std::to_string(::getpid()));
  co_await expect_what_is_there(pair.here, pair.there);
}

BIGHT_TEST(now, a_reader_returns_a_complete_message_and_keeps_a_partial_one) {
  auto pair = co_await connected();
  reader in(pair.here);
  co_await pair.there.send("one\ntwo\nthr");
  co_await some_turns();
  EXPECT_EQ(*co_await within(0s, in.read_line()), "one");
  EXPECT_EQ(*co_await within(0s, in.read_line()), "two");
  auto part = co_await attempt(within(0s, in.read_line()));
  EXPECT_TRUE(fails(part, errc::timed_out));
  co_await pair.there.send("ee\n");
  co_await some_turns();
  EXPECT_EQ(*co_await within(0s, in.read_line()), "three");
}

BIGHT_TEST(now, an_available_datagram_is_returned) {
  auto here = co_await udp::bind("127.0.0.1:0");
  auto there = co_await udp::connect(here.local());
  EXPECT_FALSE((co_await here.try_recv()).has_value());
  for (int i = 0; i < 3; ++i) {
    co_await there.send("1");
    co_await there.send("");
    co_await there.send("3");
    co_await some_turns();
    EXPECT_EQ((co_await within(0s, here.recv())).data, "1");
    auto second = co_await here.try_recv();
    EXPECT_TRUE(second && second->data.empty());  // a datagram of no bytes, and not nothing
    EXPECT_EQ((co_await within(0s, here.recv_many())).data, "3");
    EXPECT_FALSE((co_await here.try_recv()).has_value());
  }
}

BIGHT_TEST(now, an_available_connection_is_accepted) {
  auto listening = co_await tcp::listen("127.0.0.1:0");
  auto early = co_await attempt(within(0s, listening.accept()));
  EXPECT_TRUE(fails(early, errc::timed_out));
  auto client = co_await tcp::connect(listening.local());
  co_await some_turns();
  auto accepted = co_await within(0s, listening.accept());
  EXPECT_EQ(accepted.remote(), client.local());
}

BIGHT_TEST(now, an_event_that_is_set_is_seen_and_one_that_is_not_times_out) {
  event e;
  auto late = co_await attempt(within(0s, e.wait()));
  EXPECT_TRUE(fails(late, errc::timed_out));
  e.set();
  co_await within(0s, e.wait());
}

BIGHT_TEST(now, a_failure_that_has_happened_is_reported) {
  auto pair = co_await connected();
  pair.there.abort();
  co_await some_turns();
  auto outcome = co_await attempt(pair.here.try_recv());
  EXPECT_TRUE(fails(outcome, errc::reset));
}

BIGHT_TEST(now, a_task_with_a_deadline_of_zero_receives_available_bytes) {
  auto pair = co_await connected();
  co_await pair.there.send("there");
  co_await some_turns();
  auto work = [](stream& s) -> task<std::string> { co_return (co_await s.recv()).str(); };
  EXPECT_EQ(co_await within(0s, work(pair.here)), "there");
  auto never = co_await attempt(within(0s, work(pair.here)));
  EXPECT_TRUE(fails(never, errc::timed_out));
}

}  // namespace contract
