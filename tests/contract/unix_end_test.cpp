// SPDX-License-Identifier: MIT
// On a unix socket the kernel reports a reset also after the end. An end that a receive has
// returned stays an end (decision 030).
#include <bight/reader.hpp>

#include "contract/contract.hpp"

#include <array>

#include <unistd.h>

namespace contract {

namespace {

// The peer has sent its end, and closes with bytes unread later: by then the end has been returned.
task<ends> ended_and_then_reset(const char* of) {
  auto pair = co_await connected("unix:@bight-unix-end-" + std::to_string(getpid()) + "-" + of);
  co_await pair.there.send("never read");
  co_await pair.here.send("answer");
  pair.here.shutdown_send();
  EXPECT_EQ(co_await recv_all(pair.there), "answer");
  pair.here.close();
  co_await some_turns();
  co_return std::move(pair);
}

task<> expect_end(stream& peer) {
  for (int i = 0; i < 2; ++i) {
    auto end = co_await attempt(within(patience, peer.recv()));
    EXPECT_TRUE(end && end->empty()) << (end ? "bytes" : end.error().what());
  }
}

}  // namespace

BIGHT_TEST(unix_end, an_end_stays_an_end_for_recv) {
  auto pair = co_await ended_and_then_reset("recv");
  auto heard = expect_end(pair.there);
  co_await std::move(heard);
  auto sent = co_await attempt(pair.there.send("x"));
  EXPECT_TRUE(fails(sent, errc::closed));
  heard = expect_end(pair.there);
  co_await std::move(heard);
}

BIGHT_TEST(unix_end, an_end_stays_an_end_for_recv_into) {
  auto pair = co_await ended_and_then_reset("into");
  for (int i = 0; i < 2; ++i) {
    std::array<std::byte, 4> buffer;
    auto none = co_await attempt(pair.there.recv_into(buffer));
    EXPECT_TRUE(none && *none == 0);
  }
}

BIGHT_TEST(unix_end, an_end_stays_an_end_for_what_is_there_now) {
  auto pair = co_await ended_and_then_reset("now");
  for (int i = 0; i < 2; ++i) {
    auto now = co_await attempt(pair.there.try_recv());
    EXPECT_TRUE(now && *now && (*now)->empty());
    auto within_none = co_await attempt(within(0s, pair.there.recv()));
    EXPECT_TRUE(within_none && within_none->empty());
  }
}

BIGHT_TEST(unix_end, an_end_stays_an_end_for_a_reader) {
  auto pair = co_await ended_and_then_reset("line");
  reader lines(pair.there);
  auto none = co_await attempt(lines.read_line());
  EXPECT_TRUE(none && !*none);
}

BIGHT_TEST(unix_end, an_end_stays_an_end_when_a_send_fails_first) {
  auto pair = co_await ended_and_then_reset("send");
  auto sent = co_await attempt(pair.there.send("x"));
  EXPECT_TRUE(fails(sent, errc::closed));
  co_await expect_end(pair.there);
}

}  // namespace contract
