// SPDX-License-Identifier: MIT
// Deadlines, races and cancellation: whatever is cut short, no byte and no connection is lost.
#include <bight/deadline.hpp>

#include "contract/contract.hpp"

#include <array>
#include <atomic>
#include <thread>

#include <sys/socket.h>

namespace contract {

BIGHT_TEST(cancel, a_large_send_of_many_pieces_that_waits_is_cancelled_and_not_interrupted) {
  auto pair = co_await connected();
  const std::string each(65536, 'x');
  std::vector<piece> parts(400, piece(each));
  auto sent = co_await attempt(within(20ms, pair.here.send(std::span<piece>(parts))));
  EXPECT_TRUE(fails(sent, errc::timed_out));
}

BIGHT_TEST(cancel, a_receive_past_its_deadline_leaves_its_bytes_to_the_next) {
  auto pair = co_await connected();
  auto late = co_await attempt(within(5ms, pair.here.recv()));
  EXPECT_TRUE(fails(late, errc::timed_out));
  co_await pair.there.send("now");
  EXPECT_EQ(co_await pair.here.recv(), "now");
  std::array<std::byte, 8> buffer{};
  auto late_into = co_await attempt(within(5ms, pair.here.recv_into(buffer)));
  EXPECT_TRUE(fails(late_into, errc::timed_out));
  co_await pair.there.send("again");
  EXPECT_EQ(co_await pair.here.recv_into(buffer), 5u);
}

BIGHT_TEST(cancel, a_deadline_in_time_gives_the_value) {
  auto pair = co_await connected();
  co_await pair.there.send("in time");
  EXPECT_EQ(co_await within(10s, pair.here.recv()), "in time");
}

BIGHT_TEST(cancel, a_receive_that_loses_a_race_leaves_its_bytes_to_the_next) {
  auto pair = co_await connected();
  const auto winner = co_await race(pair.here.recv(), sleep(5ms));
  EXPECT_EQ(winner.index(), 1u);
  co_await pair.there.send("later");
  auto next = co_await race(pair.here.recv(), sleep(10s));
  EXPECT_EQ(next.index(), 0u);
  EXPECT_EQ(std::get<0>(next), "later");
}

BIGHT_TEST(cancel, an_accept_past_its_deadline_leaves_its_connection_to_the_next) {
  auto listening = co_await tcp::listen("127.0.0.1:0");
  auto late = co_await attempt(within(5ms, listening.accept()));
  EXPECT_TRUE(fails(late, errc::timed_out));
  auto client = raw::connect(listening.local());
  client.send("x");
  auto accepted = co_await within(10s, listening.accept());
  EXPECT_EQ(co_await accepted.recv(), "x");
}

BIGHT_TEST(cancel, a_connect_past_its_deadline_times_out_and_names_the_address) {
  const raw::black_hole hole;
  const address at = hole.listener.local();
  auto by_deadline = co_await attempt(within(20ms, tcp::connect(at)));
  EXPECT_TRUE(fails(by_deadline, errc::timed_out));
  tcp::connect_options soon;
  soon.timeout = 20ms;
  auto by_option = co_await attempt(tcp::connect(at, soon));
  EXPECT_TRUE(fails(by_option, errc::timed_out));
  EXPECT_EQ(by_option.error().tried(), "connect " + at.str());
}

// What a send says went is what the peer can read: not a byte more or less.
static void expect_exactly(raw::socket& peer, stream& sender, std::uint64_t count) {
  std::string got;
  sender.shutdown_send();
  std::thread reading([&] { got = peer.recv_all(); });
  reading.join();
  EXPECT_EQ(got.size(), count);
  EXPECT_TRUE(pattern::matches(0, got));
}

BIGHT_TEST(cancel, a_send_past_its_deadline_reports_exactly_the_bytes_sent) {
  for (const std::size_t size : {4'000'000u, 9'000'001u, 30'000'000u}) {
    auto pair = co_await connected_to_raw(4096);
    const std::string much = pattern::first(size);
    auto late = co_await attempt(within(20ms, pair.here.send(much)));
    if (late) {  // the kernel has room for all of it
      expect_exactly(pair.peer, pair.here, size);
      continue;
    }
    EXPECT_TRUE(fails(late, errc::timed_out));
    expect_exactly(pair.peer, pair.here, late.error().transferred());
  }
}

BIGHT_TEST(cancel, a_send_that_is_cancelled_in_the_middle_can_be_continued) {
  auto pair = co_await connected();
  const std::string whole = pattern::first(30'000'000);
  auto sending = [](stream& to, std::string_view left) -> task<> {
    while (!left.empty()) {
      auto some = co_await attempt(within(1ms, to.send(left)));
      if (some) break;
      left.remove_prefix(some.error().transferred());
    }
    to.shutdown_send();
  };
  co_await all(sending(pair.here, whole), expect_pattern(pair.there, whole.size()));
}

BIGHT_TEST(cancel, nothing_is_started_in_a_context_that_has_stopped) {
  auto pair = co_await connected();
  co_await pair.there.send("kept");
  scope stopped(co_await current_context());
  stopped.stop();
  auto everything = [](stream& s) -> task<> {
    auto received = co_await attempt(s.recv());
    EXPECT_TRUE(fails(received, errc::cancelled));
    auto sent = co_await attempt(s.send("never"));
    EXPECT_TRUE(fails(sent, errc::cancelled));
    auto connecting = co_await attempt(tcp::connect(s.remote()));
    EXPECT_TRUE(fails(connecting, errc::cancelled));
    auto slept = co_await attempt(sleep(1h));
    EXPECT_TRUE(fails(slept, errc::cancelled));
  };
  stopped.spawn(everything(pair.here));
  co_await stopped.join();
  EXPECT_EQ(co_await pair.here.recv(), "kept");
  pair.here.close();
  EXPECT_TRUE((co_await pair.there.recv()).empty());
}

// Receives everything with deadlines that are about as long as the bytes take to come. One thread
// sends small pieces; every kind of receive loses many of its races.
template <class Receive>
task<> race_against_time(Receive receive) {
  constexpr std::uint64_t pieces = 10'000;
  constexpr std::uint64_t piece_size = 7;
  // The kernel counts a small piece as some hundred bytes: more of them would fill its buffer, and
  // the rest would come with TCP's timers, in seconds.
  constexpr std::uint64_t in_flight_max = 50 * piece_size;
  auto pair = co_await connected_to_raw();
  std::atomic<std::uint64_t> received{0};
  std::thread sender([&peer = pair.peer, &received] {
    for (std::uint64_t i = 0; i < pieces; ++i) {
      // At about the pace of the deadlines. Not asleep: on a busy machine each sleep is long.
      const auto next = std::chrono::steady_clock::now() + std::chrono::microseconds(i % 60);
      while (std::chrono::steady_clock::now() < next) {}
      while (i * piece_size > received + in_flight_max) std::this_thread::yield();
      peer.send(pattern::at(i * piece_size, piece_size));
    }
    peer.shutdown_send();
  });
  std::uint64_t got = 0;
  int lost_races = 0;
  bool ended = false;
  bool equal = true;
  for (int turn = 0; !ended; ++turn) {
    std::string bytes;
    auto outcome = co_await receive(pair.here, std::chrono::microseconds(turn % 40), bytes);
    if (!outcome) {
      EXPECT_TRUE(fails(outcome, errc::timed_out));
      ++lost_races;
      if (!outcome.error().is(errc::timed_out)) break;
      continue;
    }
    ended = bytes.empty();
    equal = equal && pattern::matches(got, bytes);
    got += bytes.size();
    received = got;
  }
  received = pieces * piece_size;  // whatever happened, the sender comes to its end
  sender.join();
  EXPECT_EQ(got, pieces * piece_size);
  EXPECT_TRUE(equal);
  EXPECT_GT(lost_races, 0) << "it was no race";
  testing::Test::RecordProperty("lost_races", lost_races);
}

BIGHT_TEST(cancel, many_thousand_deadlines_on_recv_lose_no_byte) {
  auto receive = [](stream& s, duration limit, std::string& into) -> task<result<>> {
    auto got = co_await attempt(within(limit, s.recv(1000)));
    if (!got) co_return got.error();
    into = got->view();
    co_return result<>();
  };
  co_await race_against_time(receive);
}

BIGHT_TEST(cancel, many_thousand_deadlines_on_recv_into_lose_no_byte) {
  auto receive = [](stream& s, duration limit, std::string& into) -> task<result<>> {
    std::array<std::byte, 1000> buffer;
    auto got = co_await attempt(within(limit, s.recv_into(buffer)));
    if (!got) co_return got.error();
    into.assign(reinterpret_cast<const char*>(buffer.data()), *got);
    co_return result<>();
  };
  co_await race_against_time(receive);
}

BIGHT_TEST(cancel, many_thousand_races_of_recv_with_a_timer_lose_no_byte) {
  auto receive = [](stream& s, duration limit, std::string& into) -> task<result<>> {
    auto winner = co_await race(s.recv(1000), sleep(limit));
    if (winner.index() == 1) co_return error(errc::timed_out, "race");
    into = std::get<0>(winner).view();
    co_return result<>();
  };
  co_await race_against_time(receive);
}

// The bytes and the cancellation come in the same turn, in both orders.
BIGHT_TEST(cancel, a_stop_in_the_turn_in_which_bytes_arrive_loses_none) {
  auto pair = co_await connected();
  auto receive = [](stream& s, std::uint64_t& got) -> task<> {
    auto bytes = co_await attempt(s.recv(3));
    if (!bytes) {
      EXPECT_TRUE(fails(bytes, errc::cancelled));
      co_return;
    }
    EXPECT_TRUE(pattern::matches(got, *bytes));
    got += bytes->size();
  };
  std::uint64_t sent = 0;
  std::uint64_t got = 0;
  for (int round = 0; round < 3000; ++round) {
    scope side(co_await current_context());
    side.spawn(receive(pair.here, got));
    if (round % 3 == 0) co_await some_turns(round % 5);
    co_await pair.there.send(pattern::at(sent, 2));
    sent += 2;
    if (round % 2 == 0) co_await some_turns(round % 4);
    side.stop();
    co_await side.join();
  }
  while (got < sent) {
    auto bytes = co_await pair.here.recv(1000);
    if (!bytes) break;
    EXPECT_TRUE(pattern::matches(got, bytes));
    got += bytes.size();
  }
  EXPECT_EQ(got, sent);
}

BIGHT_TEST(cancel, many_races_of_accept_lose_no_connection) {
  constexpr int connections = 500;
  auto listening = co_await tcp::listen("127.0.0.1:0");
  std::vector<raw::socket> clients;
  std::vector<stream> accepted;
  for (int turn = 0; static_cast<int>(accepted.size()) < connections; ++turn) {
    if (turn % 2 == 0 && static_cast<int>(clients.size()) < connections) {
      clients.push_back(raw::connect(listening.local()));
      clients.back().send("x");
    }
    auto one = co_await attempt(within(std::chrono::microseconds(turn % 20), listening.accept()));
    if (one)
      accepted.push_back(*std::move(one));
    else
      EXPECT_TRUE(fails(one, errc::timed_out));
  }
  for (stream& s : accepted) EXPECT_EQ(co_await s.recv(), "x");
  auto none = co_await attempt(within(1ms, listening.accept()));
  EXPECT_TRUE(fails(none, errc::timed_out));
}

BIGHT_TEST(cancel, many_races_of_a_datagram_receive_lose_no_datagram) {
  constexpr int datagrams = 3000;
  auto socket = co_await udp::bind("127.0.0.1:0");
  const auto peer = raw::datagram("127.0.0.1:0");
  int sent = 0;
  int got = 0;
  for (int turn = 0; got < datagrams; ++turn) {
    if (sent < datagrams && sent - got < 50) peer.send_to(socket.local(), std::to_string(sent++));
    auto one = co_await attempt(within(std::chrono::microseconds(turn % 15), socket.recv()));
    if (!one) {
      EXPECT_TRUE(fails(one, errc::timed_out));
      continue;
    }
    EXPECT_EQ(one->data, std::to_string(got));
    ++got;
  }
}

BIGHT_TEST(cancel, a_datagram_truncated_for_a_receive_that_lost_its_race_arrives_complete) {
  auto socket = co_await udp::bind("127.0.0.1:0");
  const auto peer = raw::datagram("127.0.0.1:0");
  auto take_a_byte = [](udp::socket& s, bool& taken) -> task<> {
    auto one = co_await attempt(s.recv(1));
    taken = static_cast<bool>(one);
  };
  for (int round = 0; round < 300; ++round) {
    bool taken = false;
    scope side(co_await current_context());
    side.spawn(take_a_byte(socket, taken));
    co_await some_turns(round % 3);
    peer.send_to(socket.local(), "whole");
    co_await some_turns(round % 4);
    side.stop();
    co_await side.join();
    if (taken) continue;
    auto next = co_await socket.recv();
    EXPECT_EQ(next.data, "whole");
    EXPECT_FALSE(next.truncated);
  }
}

BIGHT_TEST(cancel, a_connect_that_is_cancelled_leaves_no_connection) {
  auto listening = co_await tcp::listen("127.0.0.1:0");
  for (int i = 0; i < 200; ++i) {
    scope side(co_await current_context());
    auto connect = [](address at) -> task<> {
      auto outcome = co_await attempt(tcp::connect(at));
      if (!outcome) {
        EXPECT_TRUE(fails(outcome, errc::cancelled));
      }
    };
    side.spawn(connect(listening.local()));
    if (i % 2 == 0) co_await some_turns(i % 3);
    side.stop();
    co_await side.join();
  }
  // Whatever got as far as the listener has an end, and nobody holds it open.
  for (;;) {
    auto one = co_await attempt(within(5ms, listening.accept()));
    if (!one) break;
    auto end = co_await attempt(one->recv());
    EXPECT_TRUE(!end || end->empty());
  }
}

BIGHT_TEST(cancel, a_deadline_of_zero_loses_nothing) {
  auto pair = co_await connected();
  std::string came;
  for (int i = 0; i < 10; ++i) {
    auto none = co_await attempt(within(0s, pair.here.recv(4)));
    EXPECT_TRUE(fails(none, errc::timed_out));
    co_await pair.there.send("there already");
    while (auto some = co_await attempt(within(0s, pair.here.recv(4)))) came += some->view();
  }
  pair.there.close();
  came += co_await recv_all(pair.here);
  EXPECT_EQ(came.size(), 10 * std::string_view("there already").size());
}

BIGHT_TEST(cancel, the_outer_of_two_deadlines_is_not_reported_as_the_inner) {
  auto pair = co_await connected();
  auto inner_first = co_await attempt(within(10s, attempt(within(2ms, pair.here.recv()))));
  EXPECT_TRUE(static_cast<bool>(inner_first));
  EXPECT_TRUE(fails(*inner_first, errc::timed_out));
  auto outer_first = co_await attempt(within(2ms, within(10s, pair.here.recv())));
  EXPECT_TRUE(fails(outer_first, errc::timed_out));
}

}  // namespace contract
