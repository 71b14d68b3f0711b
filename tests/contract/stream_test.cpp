// SPDX-License-Identifier: MIT
#include <bight/stream.hpp>

#include "contract/contract.hpp"

#include <array>
#include <cstring>
#include <vector>

#include <sys/mman.h>

namespace contract {

BIGHT_TEST(stream, carries_a_hundred_megabytes_each_way_at_once) {
  constexpr std::uint64_t total = 100'000'000;
  auto pair = co_await connected();
  co_await all(send_pattern(pair.here, total), send_pattern(pair.there, total),
               expect_pattern(pair.here, total), expect_pattern(pair.there, total));
}

static task<> expect_in_shares(stream& from, std::uint64_t total) {
  std::uint64_t got = 0;
  for (std::size_t max = 1;; max = max % 700 + 1) {
    auto bytes = co_await from.recv(max);
    if (!bytes) break;
    EXPECT_LE(bytes.size(), max);
    EXPECT_TRUE(pattern::matches(got, bytes)) << "at " << got;
    got += bytes.size();
  }
  EXPECT_EQ(got, total);
}

BIGHT_TEST(stream, recv_returns_at_most_the_requested_size_and_keeps_the_rest) {
  constexpr std::uint64_t total = 300'000;
  auto pair = co_await connected();
  co_await all(send_pattern(pair.there, total), expect_in_shares(pair.here, total));
}

static task<> expect_by_turns(stream& from, std::uint64_t total) {
  std::uint64_t got = 0;
  std::vector<std::byte> buffer(5000);
  for (std::size_t turn = 1;; ++turn) {
    const std::size_t max = turn * 37 % 4999 + 1;
    std::size_t count = 0;
    if (turn % 3 == 0) {
      auto lent = co_await from.recv(max);
      count = lent.size();
      EXPECT_TRUE(pattern::matches(got, lent)) << "at " << got;
    } else {
      count = co_await from.recv_into(std::span(buffer).first(max));
      const std::string_view text(reinterpret_cast<const char*>(buffer.data()), count);
      EXPECT_TRUE(pattern::matches(got, text)) << "at " << got;
    }
    if (count == 0) break;
    got += count;
  }
  EXPECT_EQ(got, total);
}

BIGHT_TEST(stream, recv_and_recv_into_can_be_mixed) {
  constexpr std::uint64_t total = 3'000'000;
  auto pair = co_await connected();
  co_await all(send_pattern(pair.there, total), expect_by_turns(pair.here, total));
}

BIGHT_TEST(stream, end_is_empty_again_and_again) {
  auto pair = co_await connected();
  pair.there.close();
  std::array<std::byte, 4> buffer{};
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE((co_await pair.here.recv()).empty());
    EXPECT_EQ(co_await pair.here.recv_into(buffer), 0u);
  }
}

BIGHT_TEST(stream, gathers_text_leases_and_bytes_in_one_send) {
  auto pair = co_await connected();
  const std::string text = "text ";
  const std::array<std::byte, 2> bytes{std::byte{'b'}, std::byte{'!'}};
  const lease lent = lease::copy_of("lease ");
  co_await pair.there.send("a ", text, lent, std::span<const std::byte>(bytes));
  EXPECT_EQ(co_await recv_exactly(pair.here, 15), "a text lease b!");
}

BIGHT_TEST(stream, sends_a_literal_with_the_NULs_inside_it_and_the_text_of_a_buffer) {
  auto pair = co_await connected();
  co_await pair.there.send("ab\0cd");
  EXPECT_EQ(co_await recv_exactly(pair.here, 5), std::string("ab\0cd", 5));
  char room[100] = "abc";
  writer out(pair.there);
  co_await out.write("\0", room, "\0.");
  co_await out.flush();
  EXPECT_EQ(co_await recv_exactly(pair.here, 6), std::string("\0abc\0.", 6));
}

BIGHT_TEST(stream, is_split_at_a_delimiter_with_NULs_as_it_is_written) {
  auto pair = co_await connected();
  co_await pair.there.send("one\0two\0\0end");
  pair.there.shutdown_send();
  reader in(pair.here);
  EXPECT_EQ(co_await in.read_until("\0"), "one");
  EXPECT_EQ(co_await in.read_until("\0\0"), "two");
  char room[10] = "d";
  EXPECT_EQ(co_await in.read_until(room), "en");
}

BIGHT_TEST(stream, sends_more_pieces_than_one_system_call_takes) {
  // IOV_MAX is 1,024; every third piece is empty.
  auto pair = co_await connected();
  const std::string whole = pattern::first(60'000);
  std::vector<piece> pieces;
  for (std::size_t i = 0; i < whole.size(); i += 20) {
    pieces.emplace_back(std::string_view(whole).substr(i, 12));
    pieces.emplace_back("");
    pieces.emplace_back(std::string_view(whole).substr(i + 12, 8));
  }
  EXPECT_EQ(pieces.size(), 9000u);
  co_await pair.there.send(std::span(pieces));
  EXPECT_TRUE(co_await recv_exactly(pair.here, whole.size()) == whole);
}

BIGHT_TEST(stream, send_of_nothing_sends_nothing) {
  auto pair = co_await connected();
  co_await pair.there.send("");
  co_await pair.there.send("", std::string(), lease());
  std::vector<piece> none;
  co_await pair.there.send(std::span(none));
  co_await pair.there.send("", "x", "");
  EXPECT_EQ(co_await pair.here.recv(), "x");
}

BIGHT_TEST(stream, one_large_send_takes_as_long_as_its_reader) {
  auto pair = co_await connected();
  const std::string whole = pattern::first(20'000'000);
  auto sending = [](stream& to, const std::string& bytes) -> task<> {
    co_await to.send(bytes);
    to.shutdown_send();
  };
  co_await all(sending(pair.there, whole), expect_pattern(pair.here, whole.size()));
}

static task<> recv_until_cancelled(stream& from) {
  auto outcome = co_await attempt(from.recv());
  EXPECT_TRUE(fails(outcome, errc::cancelled));
}

BIGHT_TEST(stream, second_receive_in_flight_is_busy) {
  auto pair = co_await connected();
  scope side(co_await current_context());
  side.spawn(recv_until_cancelled(pair.here));
  auto second = co_await attempt(pair.here.recv());
  EXPECT_TRUE(fails(second, errc::busy));
  std::array<std::byte, 4> buffer{};
  auto third = co_await attempt(pair.here.recv_into(buffer));
  EXPECT_TRUE(fails(third, errc::busy));
  side.stop();
  co_await side.join();
  // Neither has done any harm.
  co_await pair.there.send("on");
  EXPECT_EQ(co_await pair.here.recv(), "on");
}

static task<> send_until_cancelled(stream& to, const std::string& bytes) {
  auto outcome = co_await attempt(to.send(bytes));
  EXPECT_TRUE(fails(outcome, errc::cancelled));
}

BIGHT_TEST(stream, second_send_in_flight_is_busy) {
  auto pair = co_await connected();
  const std::string much(50'000'000, 'x');
  scope side(co_await current_context());
  side.spawn(send_until_cancelled(pair.here, much));
  auto second = co_await attempt(pair.here.send("y"));
  EXPECT_TRUE(fails(second, errc::busy));
  EXPECT_EQ(second.error().transferred(), 0u);
  side.stop();
  co_await side.join();
}

BIGHT_TEST(stream, one_receive_and_one_send_can_be_in_flight_together) {
  auto pair = co_await connected();
  const std::string much = pattern::first(10'000'000);
  auto talk = [](stream& s, const std::string& bytes) -> task<> {
    co_await s.send(bytes);
    s.shutdown_send();
  };
  co_await all(talk(pair.here, much), talk(pair.there, much),
               expect_pattern(pair.here, much.size()), expect_pattern(pair.there, much.size()));
}

static task<> read_two(stream from, std::string& into) {
  into += (co_await from.recv(2)).view();
  into += (co_await from.recv(2)).view();
}

BIGHT_TEST(stream, can_move_to_another_coroutine_between_two_receives) {
  auto pair = co_await connected();
  co_await pair.there.send("abcdef");
  std::string got((co_await pair.here.recv(2)).view());
  co_await read_two(std::move(pair.here), got);
  EXPECT_EQ(got, "abcdef");
  EXPECT_FALSE(static_cast<bool>(pair.here));
}

BIGHT_TEST(stream, that_is_closed_fails_with_closed) {
  auto pair = co_await connected();
  pair.here.close();
  pair.here.close();
  std::array<std::byte, 4> buffer{};
  auto received = co_await attempt(pair.here.recv());
  auto filled = co_await attempt(pair.here.recv_into(buffer));
  auto sent = co_await attempt(pair.here.send("x"));
  EXPECT_TRUE(fails(received, errc::closed));
  EXPECT_TRUE(fails(filled, errc::closed));
  EXPECT_TRUE(fails(sent, errc::closed));
  EXPECT_THROW(pair.here.shutdown_send(), error);
  EXPECT_THROW(pair.here.set(options::no_delay, true), error);
  EXPECT_EQ(pair.here.remote(), address());
  stream never;
  auto nothing = co_await attempt(never.recv());
  EXPECT_TRUE(fails(nothing, errc::closed));
}

BIGHT_TEST(stream, reports_how_long_it_was_idle) {
  auto pair = co_await connected();
  co_await pair.there.send("x");
  EXPECT_EQ(co_await pair.here.recv(), "x");
  EXPECT_LT(pair.here.idle(), 10s);
  co_await sleep(30ms);
  EXPECT_GE(pair.here.idle(), 25ms);
  EXPECT_GE(pair.there.idle(), 25ms);
  // Not in one try: a busy machine may stop this thread for longer just here.
  duration after = pair.here.idle();
  for (int i = 0; i < 20 && after >= 25ms; ++i) {
    co_await pair.there.send("y");
    EXPECT_EQ(co_await pair.here.recv(), "y");
    after = pair.here.idle();
  }
  EXPECT_LT(after, 25ms);
}

BIGHT_TEST(stream, options_read_back_what_was_set) {
  auto pair = co_await connected();
  stream& s = pair.here;
  EXPECT_TRUE(s.get(options::no_delay));  // on by default, on both ends
  EXPECT_TRUE(pair.there.get(options::no_delay));
  EXPECT_TRUE(s.get(options::urgent_inline));
  s.set(options::no_delay, false);
  EXPECT_FALSE(s.get(options::no_delay));
  s.set(options::keep_alive, true);
  EXPECT_TRUE(s.get(options::keep_alive));
  s.set(options::keep_alive_idle, 77);
  s.set(options::keep_alive_interval, 11);
  s.set(options::keep_alive_count, 3);
  s.set(options::user_timeout, 12345);
  EXPECT_EQ(s.get(options::keep_alive_idle), 77);
  EXPECT_EQ(s.get(options::keep_alive_interval), 11);
  EXPECT_EQ(s.get(options::keep_alive_count), 3);
  EXPECT_EQ(s.get(options::user_timeout), 12345);
  EXPECT_EQ(s.get(options::linger), -1);
  s.set(options::linger, 0);
  EXPECT_EQ(s.get(options::linger), 0);
  s.set(options::linger, 5);
  EXPECT_EQ(s.get(options::linger), 5);
  s.set(options::linger, -1);
  EXPECT_EQ(s.get(options::linger), -1);
  s.set(options::receive_buffer, 20000);
  s.set(options::send_buffer, 30000);
  EXPECT_EQ(s.get(options::receive_buffer), 40000);  // doubled: socket(7)
  EXPECT_EQ(s.get(options::send_buffer), 60000);
  s.set(options::hop_limit, 9);
  EXPECT_EQ(s.get(options::hop_limit), 9);
  s.set(options::traffic_class, 0x20);
  EXPECT_EQ(s.get(options::traffic_class), 0x20);
  EXPECT_THROW(s.set(options::keep_alive_count, -1), error);
}

// A file behind a mapping may be cut off under a send. The kernel takes what is there, and says so
// only to the next call; nothing else would ever wake that send.
BIGHT_TEST(stream, a_send_that_runs_into_invalid_memory_is_reported) {
  needs_kernel("sends what no memory is behind");
  constexpr std::size_t half = 65536;
  void* const memory = mmap(nullptr, 2 * half, PROT_READ | PROT_WRITE,  //
                            MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  EXPECT_EQ(mprotect(static_cast<char*>(memory) + half, half, PROT_NONE), 0);
  auto pair = co_await connected();
  static_cast<void>(co_await attempt(within(1ms, pair.here.recv())));  // it has waited before
  const std::string_view all(static_cast<const char*>(memory), 2 * half);
  auto sent = co_await attempt(within(5s, pair.here.send(all)));
  munmap(memory, 2 * half);
  EXPECT_FALSE(sent);
  if (sent) co_return;
  EXPECT_EQ(sent.error().code(), std::errc::bad_address) << sent.error().what();
  EXPECT_GT(sent.error().transferred(), 0u);
  EXPECT_LE(sent.error().transferred(), half);
}

}  // namespace contract
