// SPDX-License-Identifier: MIT
#include <bight/udp.hpp>

#include "contract/contract.hpp"

#include <sys/socket.h>

namespace contract {

BIGHT_TEST(udp, a_datagram_arrives_completely_and_with_its_sender) {
  auto server = co_await udp::bind("127.0.0.1:0");
  auto client = co_await udp::connect(server.local());
  EXPECT_EQ(client.remote(), server.local());
  co_await client.send("one ", "datagram");
  co_await client.send("another");
  auto first = co_await server.recv();
  EXPECT_EQ(first.data, "one datagram");
  EXPECT_EQ(first.from, client.local());
  EXPECT_FALSE(first.truncated);
  co_await server.send_to(first.from, "answer to ", first.data);
  auto second = co_await server.recv();
  EXPECT_EQ(second.data, "another");
  auto answer = co_await client.recv();
  EXPECT_EQ(answer.data, "answer to one datagram");
  EXPECT_EQ(answer.from, server.local());
}

BIGHT_TEST(udp, a_literal_is_sent_with_the_NULs_inside_it) {
  auto server = co_await udp::bind("127.0.0.1:0");
  auto client = co_await udp::connect(server.local());
  co_await client.send("ab\0cd");
  EXPECT_EQ((co_await server.recv()).data, "ab\0cd");
  co_await client.send_to(server.local(), "\0", "x");
  EXPECT_EQ((co_await server.recv()).data, "\0x");
  co_await client.send_many("a\0b\0", 2);
  EXPECT_EQ((co_await server.recv()).data, "a\0");
  EXPECT_EQ((co_await server.recv()).data, "b\0");
  char room[100] = "abc";
  co_await client.send(room);
  EXPECT_EQ((co_await server.recv()).data, "abc");
}

BIGHT_TEST(udp, an_empty_datagram_is_not_an_end) {
  auto server = co_await udp::bind("127.0.0.1:0");
  auto client = co_await udp::connect(server.local());
  co_await client.send("");
  co_await client.send("", "");
  co_await client.send("after");
  for (int i = 0; i < 2; ++i) {
    auto empty = co_await server.recv();
    EXPECT_TRUE(empty.data.empty());
    EXPECT_EQ(empty.from, client.local());
  }
  auto after = co_await server.recv();
  EXPECT_EQ(after.data, "after");
  co_await server.send_to(after.from, "");
  EXPECT_TRUE((co_await client.recv()).data.empty());
}

BIGHT_TEST(udp, a_datagram_that_does_not_fit_is_truncated_and_marked) {
  auto server = co_await udp::bind("127.0.0.1:0");
  auto client = co_await udp::connect(server.local());
  co_await client.send(pattern::first(5000));
  co_await client.send("12345");
  co_await client.send("123456");
  auto cut = co_await server.recv(100);
  EXPECT_TRUE(cut.truncated);
  EXPECT_EQ(cut.data, pattern::first(100));
  auto exact = co_await server.recv(5);
  EXPECT_FALSE(exact.truncated);
  EXPECT_EQ(exact.data, "12345");
  auto by_one = co_await server.recv(5);
  EXPECT_TRUE(by_one.truncated);
  EXPECT_EQ(by_one.data, "12345");
}

BIGHT_TEST(udp, the_largest_datagram_is_sent_and_one_byte_more_is_too_large) {
  auto server = co_await udp::bind("127.0.0.1:0");
  auto client = co_await udp::connect(server.local());
  // 65,535 - 20 for the IPv4 header - 8 for UDP's.
  const std::string largest = pattern::first(65'507);
  for (int i = 0; i < 3; ++i) {
    co_await client.send(largest);
    auto got = co_await server.recv();
    EXPECT_FALSE(got.truncated);
    EXPECT_TRUE(got.data == largest) << got.data.size();
  }
  auto more = co_await attempt(client.send(largest, "x"));
  EXPECT_TRUE(fails(more, errc::message_too_large));
  auto more_to = co_await attempt(client.send_to(server.local(), largest, "x"));
  EXPECT_TRUE(fails(more_to, errc::message_too_large));
  co_await client.send("still fine");
  auto after = co_await server.recv();
  EXPECT_EQ(after.data, "still fine");
}

BIGHT_TEST(udp, every_size_arrives_as_it_was_sent) {
  auto server = co_await udp::bind("127.0.0.1:0");
  auto client = co_await udp::connect(server.local());
  std::vector<udp::datagram> held;  // all of them at once, so that no buffer is used twice
  for (std::size_t size = 0; size < 65'000; size = size * 5 / 4 + 7) {
    // Two at a time: the kernel keeps some 200 KiB for a socket, and drops what comes beyond that.
    for (int i = 0; i < 2; ++i) co_await client.send(pattern::at(size, size));
    for (int i = 0; i < 2; ++i) held.push_back(co_await server.recv());
  }
  std::size_t n = 0;
  for (std::size_t size = 0; size < 65'000; size = size * 5 / 4 + 7)
    for (int i = 0; i < 2; ++i, ++n) {
      EXPECT_EQ(held[n].data.size(), size);
      EXPECT_TRUE(pattern::matches(size, held[n].data));
    }
}

BIGHT_TEST(udp, a_closed_port_is_refused_once_on_a_connected_socket) {
  const raw::nobody there(SOCK_DGRAM);
  auto client = co_await udp::connect(there.at());
  co_await client.send("anybody?");
  auto refused = co_await attempt(client.recv());
  EXPECT_TRUE(fails(refused, errc::refused));
  auto silence = co_await attempt(within(5ms, client.recv()));
  EXPECT_TRUE(fails(silence, errc::timed_out));
}

BIGHT_TEST(udp, a_refusal_ends_a_receive_that_waits_and_the_socket_still_works) {
  raw::nobody there(SOCK_DGRAM);
  const address nobody = there.at();
  auto client = co_await udp::connect(nobody);
  auto receive = [](udp::socket& s) -> task<> {
    auto refused = co_await attempt(s.recv());
    EXPECT_TRUE(fails(refused, errc::refused));
  };
  auto send = [](udp::socket& s) -> task<> {
    co_await some_turns();
    co_await s.send("anybody?");
  };
  co_await all(receive(client), send(client));
  there.leave();
  const auto peer = raw::datagram(nobody);  // somebody comes
  co_await client.send("now?");
  EXPECT_EQ(peer.recv(), "now?");
  peer.send_to(client.local(), "yes");
  auto answer = co_await client.recv();
  EXPECT_EQ(answer.data, "yes");
}

BIGHT_TEST(udp, a_refusal_is_reported_to_the_next_send_too) {
  const raw::nobody there(SOCK_DGRAM);
  auto client = co_await udp::connect(there.at());
  co_await client.send("one");
  auto second = co_await attempt(client.send("two"));
  EXPECT_TRUE(fails(second, errc::refused));
  auto third = co_await attempt(client.send("three"));
  EXPECT_TRUE(static_cast<bool>(third));
}

BIGHT_TEST(udp, a_closed_port_is_not_reported_to_an_unconnected_socket) {
  auto socket = co_await udp::bind("127.0.0.1:0");
  const raw::nobody there(SOCK_DGRAM);
  co_await socket.send_to(there.at(), "anybody?");
  co_await socket.send_to(there.at(), "anybody else?");
  auto silence = co_await attempt(within(5ms, socket.recv()));
  EXPECT_TRUE(fails(silence, errc::timed_out));
}

BIGHT_TEST(udp, a_connected_socket_receives_only_from_its_peer) {
  const auto peer = raw::datagram("127.0.0.1:0");
  const auto stranger = raw::datagram("127.0.0.1:0");
  auto client = co_await udp::connect(peer.local());
  stranger.send_to(client.local(), "spam");
  peer.send_to(client.local(), "mail");
  auto got = co_await client.recv();
  EXPECT_EQ(got.data, "mail");
}

BIGHT_TEST(udp, a_socket_on_every_address_serves_both_families) {
  auto server = co_await udp::bind(":0");
  const auto port = std::to_string(server.local().port());
  for (const char* host : {"127.0.0.1:", "[::1]:"}) {
    auto client = co_await udp::connect(host + port);
    co_await client.send("hello");
    auto asked = co_await server.recv();
    EXPECT_EQ(asked.from, client.local());  // IPv4 shows as IPv4
    co_await server.send_to(asked.from, "hello yourself");
    auto answer = co_await client.recv();
    EXPECT_EQ(answer.data, "hello yourself");
  }
}

BIGHT_TEST(udp, a_port_that_is_bound_is_in_use) {
  auto socket = co_await udp::bind("127.0.0.1:0");
  auto again = co_await attempt(udp::bind(socket.local()));
  EXPECT_TRUE(fails(again, errc::address_in_use));
}

BIGHT_TEST(udp, a_send_on_a_socket_without_a_peer_says_so) {
  auto socket = co_await udp::bind("127.0.0.1:0");
  auto outcome = co_await attempt(socket.send("to whom?"));
  EXPECT_FALSE(static_cast<bool>(outcome));
  EXPECT_TRUE(fails(outcome, errc::closed) || fails(outcome, errc::bad_address));
  auto to_name = co_await attempt(socket.send_to("localhost:9", "x"));
  EXPECT_TRUE(fails(to_name, errc::bad_address));
}

BIGHT_TEST(udp, a_broadcast_without_permission_is_denied) {
  auto socket = co_await udp::bind("0.0.0.0:0");
  auto outcome = co_await attempt(socket.send_to("255.255.255.255:9", "x"));
  EXPECT_TRUE(fails(outcome, errc::denied) || fails(outcome, errc::unreachable));
  EXPECT_FALSE(socket.get(options::broadcast));
  socket.set(options::broadcast, true);
  EXPECT_TRUE(socket.get(options::broadcast));
}

BIGHT_TEST(udp, second_receive_in_flight_is_busy_and_several_sends_are_not) {
  auto server = co_await udp::bind("127.0.0.1:0");
  auto client = co_await udp::connect(server.local());
  auto waits = [](udp::socket& s) -> task<> {
    auto outcome = co_await attempt(s.recv());
    EXPECT_TRUE(fails(outcome, errc::cancelled));
  };
  scope side(co_await current_context());
  side.spawn(waits(server));
  auto second = co_await attempt(server.recv());
  EXPECT_TRUE(fails(second, errc::busy));
  server.close();
  co_await side.join();
  auto send = [](udp::socket& s) -> task<> { static_cast<void>(co_await attempt(s.send("x"))); };
  std::vector<task<>> sends;
  for (int i = 0; i < 50; ++i) sends.push_back(send(client));
  co_await all(std::move(sends));
}

BIGHT_TEST(udp, close_ends_a_receive_in_flight) {
  auto socket = co_await udp::bind("127.0.0.1:0");
  auto waits = [](udp::socket& s) -> task<> {
    auto outcome = co_await attempt(s.recv());
    EXPECT_TRUE(fails(outcome, errc::cancelled));
  };
  scope side(co_await current_context());
  side.spawn(waits(socket));
  co_await some_turns();
  socket.close();
  co_await side.join();
  auto closed = co_await attempt(socket.recv());
  EXPECT_TRUE(fails(closed, errc::closed));
}

BIGHT_TEST(udp, a_v4_mapped_address_is_the_ip4_address) {
  auto to = co_await udp::bind("[::ffff:127.0.0.1]:0");
  EXPECT_EQ(to.local().host(), "127.0.0.1");
  const std::string at = "[::ffff:127.0.0.1]:" + std::to_string(to.local().port());
  auto from = co_await udp::bind("127.0.0.1:0");
  co_await from.send_to(at, "to");
  auto first = co_await to.recv();
  EXPECT_EQ(first.data, "to");
  EXPECT_EQ(first.from, from.local());
  auto connected = co_await udp::connect(at);
  EXPECT_EQ(connected.remote(), to.local());
  co_await connected.send("connected");
  auto second = co_await to.recv();
  EXPECT_EQ(second.data, "connected");
}

// What is sent directly after the close finds nobody, in the same turn of the loop too.
BIGHT_TEST(udp, a_closed_socket_receives_no_datagrams) {
  enum class used { never, received, receiving };
  for (const used how : {used::never, used::received, used::receiving}) {
    auto server = co_await udp::bind("127.0.0.1:0");
    auto client = co_await udp::connect(server.local());
    if (how == used::received) {
      co_await client.send("first");
      static_cast<void>(co_await server.recv());
    }
    scope s(co_await current_context());
    if (how == used::receiving)
      s.spawn([](udp::socket& from) -> task<> {
        auto none = co_await attempt(from.recv());
        EXPECT_TRUE(fails(none, errc::cancelled));
      }(server));
    co_await some_turns();
    server.close();
    co_await client.send("late");
    auto refused = co_await attempt(within(patience, client.recv()));
    EXPECT_TRUE(fails(refused, errc::refused)) << static_cast<int>(how);
    co_await s.join();
  }
}

}  // namespace contract
