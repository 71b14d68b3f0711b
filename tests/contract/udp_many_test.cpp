// SPDX-License-Identifier: MIT
// Many datagrams in one call: the kernel cuts what is sent and joins what arrives, and none of
// that may show but in the number of calls.
#include <bight/udp.hpp>

#include "contract/contract.hpp"
#include "contract/own_network.hpp"

namespace contract {

struct udp_pair {
  udp::socket sender;
  udp::socket receiver;
};

static task<udp_pair> open_pair(const char* at = "127.0.0.1:0") {
  auto receiver = co_await udp::bind(address(at));
  auto sender = co_await udp::connect(receiver.local());
  udp_pair both{std::move(sender), std::move(receiver)};
  co_return both;
}

// Receives joined datagrams until `total` bytes have come, and expects the pattern, in datagrams of
// `segment` bytes. Gives the number of receives.
static task<int> expect_many(udp::socket& from, std::size_t total, std::size_t segment) {
  std::size_t come = 0;
  int receives = 0;
  for (; come < total; ++receives) {
    auto got = co_await from.recv_many();
    EXPECT_FALSE(got.truncated);
    EXPECT_EQ(std::distance(got.begin(), got.end()), std::ptrdiff_t(got.size()));
    for (std::string_view each : got) {
      EXPECT_EQ(each.size(), std::min(segment, total - come));
      EXPECT_TRUE(pattern::matches(come, each));
      come += each.size();
    }
  }
  EXPECT_EQ(come, total);
  co_return receives;
}

BIGHT_TEST(udp_many, are_ordinary_datagrams_for_single_receives) {
  auto pair = co_await open_pair();
  co_await pair.sender.send_many(pattern::at(0, 1000), 300);
  for (std::size_t at = 0; at < 1000; at += 300) {
    auto got = co_await pair.receiver.recv();
    EXPECT_EQ(got.data.size(), std::min<std::size_t>(300, 1000 - at));
    EXPECT_TRUE(pattern::matches(at, got.data));
    EXPECT_EQ(got.from, pair.sender.local());
  }
}

BIGHT_TEST(udp_many, arrive_joined_and_in_order) {
  auto pair = co_await open_pair();
  auto first = co_await attempt(within(1ms, pair.receiver.recv_many()));  // joins from here on
  EXPECT_TRUE(fails(first, errc::timed_out));
  for (const std::size_t segment : {1u, 64u, 1200u, 1452u, 9000u}) {
    const std::size_t total = std::min<std::size_t>(60'000, segment * 50) - segment / 2;
    co_await pair.sender.send_many(pattern::at(0, total), segment);
    const int receives = co_await expect_many(pair.receiver, total, segment);
    EXPECT_EQ(receives, 1) << segment;
  }
}

BIGHT_TEST(udp_many, more_than_one_call_takes_are_sent_in_several) {
  auto pair = co_await open_pair();
  auto first = co_await attempt(within(1ms, pair.receiver.recv_many()));
  EXPECT_TRUE(fails(first, errc::timed_out));
  // Little enough for the receive buffer of a socket, more than 64 datagrams, more than 64 KiB.
  for (const std::size_t segment : {100u, 1400u}) {
    const std::size_t total = segment == 100 ? 15'050 : 100'000;
    std::string bytes(pattern::at(0, 50'000));
    bytes += pattern::at(50'000, 50'000);
    co_await pair.sender.send_many(std::string_view(bytes).substr(0, total), segment);
    static_cast<void>(co_await expect_many(pair.receiver, total, segment));
  }
}

BIGHT_TEST(udp_many, that_arrived_joined_can_be_received_one_by_one) {
  auto pair = co_await open_pair();
  auto first = co_await attempt(within(1ms, pair.receiver.recv_many()));
  EXPECT_TRUE(fails(first, errc::timed_out));
  co_await pair.sender.send_many("aabbccd", 2);
  co_await pair.sender.send("single");
  auto a = co_await pair.receiver.recv();
  EXPECT_EQ(a.data, "aa");
  EXPECT_EQ(a.from, pair.sender.local());
  auto b = co_await pair.receiver.recv(1);
  EXPECT_EQ(b.data, "b");
  EXPECT_TRUE(b.truncated);
  auto rest = co_await pair.receiver.recv_many();
  EXPECT_EQ(rest.data, "ccd");
  EXPECT_EQ(rest.size(), 2u);
  EXPECT_EQ(rest[1], "d");
  EXPECT_EQ(rest.from, pair.sender.local());
  auto single = co_await pair.receiver.recv();
  EXPECT_EQ(single.data, "single");
}

BIGHT_TEST(udp_many, of_one_or_of_no_bytes) {
  auto pair = co_await open_pair();
  co_await pair.sender.send("");
  auto empty = co_await pair.receiver.recv_many();
  EXPECT_EQ(empty.size(), 1u);
  EXPECT_EQ(*empty.begin(), "");
  co_await pair.sender.send_many("", 10);  // nothing at all
  co_await pair.sender.send_many("whole", 10);
  auto one = co_await pair.receiver.recv_many();
  EXPECT_EQ(one.size(), 1u);
  EXPECT_EQ(one[0], "whole");
}

// An echo of what came is send_many_to(got.from, got.data, got.segment), whatever a stranger sends.
BIGHT_TEST(udp_many, an_empty_one_has_a_segment_that_can_be_sent_with) {
  auto pair = co_await open_pair();
  co_await pair.sender.send("");
  auto empty = co_await pair.receiver.recv_many();
  EXPECT_EQ(empty.size(), 1u);
  EXPECT_GT(empty.segment, 0u);
  if (empty.segment > 0) co_await pair.receiver.send_many_to(empty.from, empty.data, empty.segment);
}

BIGHT_TEST(udp_many, to_an_address_and_back_over_ip6) {
  auto server = co_await udp::bind("[::1]:0");
  auto client = co_await udp::bind("[::1]:0");
  co_await client.send_many_to(server.local(), "abcabcab", 3);
  std::string come;
  while (come.size() < 8) {
    auto got = co_await server.recv_many();
    come += got.data.view();
    EXPECT_EQ(got.from, client.local());
    co_await server.send_many_to(got.from, got.data, got.segment);
  }
  EXPECT_EQ(come, "abcabcab");
  for (const char* each : {"abc", "abc", "ab"}) {
    auto back = co_await client.recv();
    EXPECT_EQ(back.data, each);
  }
  auto wrong = co_await attempt(client.send_many_to("unix:/x", "abc", 1));
  EXPECT_TRUE(fails(wrong, errc::bad_address));
}

BIGHT_TEST(udp_many, a_receive_that_lost_a_race_returns_all_of_them) {
  auto pair = co_await open_pair();
  auto take_both = [](udp_pair& p, event& go) -> task<> {
    auto racing = race(p.receiver.recv_many(), go.wait());
    static_cast<void>(co_await attempt(std::move(racing)));
  };
  auto send = [](udp_pair& p, event& go) -> task<> {
    co_await some_turns();
    co_await p.sender.send_many("112233", 2);
    go.set();
  };
  event go;
  co_await all(take_both(pair, go), send(pair, go));
  // Whoever won, each datagram is received once: by the race, or now.
  co_await pair.sender.send("last");
  std::string come;
  for (;;) {
    auto got = co_await pair.receiver.recv();
    if (got.data == "last") break;
    come += got.data.view();
  }
  EXPECT_TRUE(come == "112233" || come.empty()) << come;
}

BIGHT_TEST(udp_many, a_refused_port_is_reported_with_the_count) {
  const raw::nobody there(SOCK_DGRAM);
  auto client = co_await udp::connect(there.at());
  co_await client.send("anybody?");
  auto refused = co_await attempt(client.send_many("abcdef", 2));
  EXPECT_TRUE(fails(refused, errc::refused));
  EXPECT_EQ(refused.error().transferred(), 0u);
}

// Nobody takes these, so the kernel never says that it is full. The loop goes on all the same.
BIGHT_TEST(udp_many, a_long_send_lets_others_run_and_can_be_cancelled) {
  auto pair = co_await open_pair();
  const std::string much(128u << 20, 'x');
  co_await sleep(0s);  // making it took time
  auto late = co_await attempt(within(1ms, pair.sender.send_many(much, 1400)));
  EXPECT_TRUE(fails(late, errc::timed_out));
  if (late) co_return;
  EXPECT_LT(late.error().transferred(), much.size());
}

// Longer than a packet: the kernel refuses to cut (EINVAL), and they go one by one, in fragments.
static task<> larger_than_a_packet() {
  auto pair = co_await open_pair();
  co_await pair.sender.send_many(pattern::at(0, 10'000), 4000);
  static_cast<void>(co_await expect_many(pair.receiver, 10'000, 4000));
}

TEST(udp_many, longer_than_a_packet_are_sent_one_by_one) {
  bight_test::in_own_network([] {
    ASSERT_TRUE(bight_test::set_packet_size(1500));
    run_test(larger_than_a_packet());
  });
}

}  // namespace contract
