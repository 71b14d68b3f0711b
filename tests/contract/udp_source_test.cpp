// SPDX-License-Identifier: MIT
// A socket on every address answers from the address that was asked: a client that is connected to
// that address hears nothing from another.
#include <bight/udp.hpp>

#include "contract/contract.hpp"
#include "contract/own_network.hpp"

#include <arpa/inet.h>
#include <net/if.h>
#include <sys/ioctl.h>

namespace contract {

namespace {

task<> say_where(udp::request asked) {
  co_await asked.reply(asked.data(), " at ", asked.to().str());
}

// Asks at `at` by a connected socket, `count` times before it looks at the answers.
task<> ask(address at, int count = 1) {
  auto client = co_await udp::connect(at);
  for (int i = 0; i < count; ++i) co_await client.send("who");
  for (int i = 0; i < count; ++i) {
    auto answer = co_await attempt(within(10s, client.recv()));
    EXPECT_TRUE(static_cast<bool>(answer)) << "nothing came from " << at.str();
    if (!answer) co_return;
    EXPECT_EQ(answer->data, "who at " + at.str());
    EXPECT_EQ(answer->from, at);
  }
}

task<> ask_everywhere(served& s, std::vector<const char*> hosts) {
  const std::string port = std::to_string(s.at.front().port());
  for (const char* host : hosts) co_await ask(host + (":" + port));
  std::vector<task<>> bursts;
  for (const char* host : hosts) bursts.push_back(ask(host + (":" + port), 40));
  co_await all(std::move(bursts));
}

// A socket on every address, a client that is not connected, and the server's address for it.
struct both_ends {
  udp::socket server;
  udp::socket client;
  [[nodiscard]] address at(const char* host) const {
    return address(std::string(host) + ":" + std::to_string(server.local().port()));
  }
};
task<both_ends> open_both() {
  both_ends b;
  b.server = co_await udp::bind(":0");
  b.client = co_await udp::bind("127.0.0.1:0");
  co_return std::move(b);
}

}  // namespace

BIGHT_TEST(udp_source, a_server_on_every_address_answers_from_the_destination_address) {
  served s;
  std::vector<const char*> hosts = {"127.0.0.1", "127.0.0.2", "127.3.4.5", "[::1]"};
  co_await serve_for(s, udp::serve(":0", say_where, s.options()), ask_everywhere(s, hosts));
  EXPECT_EQ(s.told(), "");
}

BIGHT_TEST(udp_source, a_server_on_every_address_of_one_family_answers_from_it_too) {
  served four;
  std::vector<const char*> hosts = {"127.0.0.1", "127.0.0.2"};
  co_await serve_for(four, udp::serve("0.0.0.0:0", say_where, four.options()),
                     ask_everywhere(four, hosts));
  served six;
  std::vector<const char*> one = {"[::1]"};
  co_await serve_for(six, udp::serve("[::]:0", say_where, six.options()), ask_everywhere(six, one));
}

BIGHT_TEST(udp_source, a_server_on_one_address_reports_it) {
  served s;
  auto ask_it = [](served& of) -> task<> { co_await ask(of.at.front(), 40); };
  co_await serve_for(s, udp::serve("127.0.0.2:0", say_where, s.options()), ask_it(s));
}

BIGHT_TEST(udp_source, an_answer_comes_from_the_destination_address_of_the_datagram) {
  auto b = co_await open_both();
  for (const char* host : {"127.0.0.2", "127.0.0.3"}) co_await b.client.send_to(b.at(host), host);
  auto first = co_await b.server.recv();
  auto second = co_await b.server.recv();
  EXPECT_EQ(first.from, second.from);
  EXPECT_EQ(first.from.source(), address("127.0.0.2:0"));
  EXPECT_EQ(second.from.source(), address("127.0.0.3:0"));
  co_await b.server.send_to(second.from, "second");
  co_await b.server.send_to(first.from, "fir", "st");
  auto answer = co_await b.client.recv();
  EXPECT_EQ(answer.data, "second");
  EXPECT_EQ(answer.from, b.at("127.0.0.3"));
  answer = co_await b.client.recv();
  EXPECT_EQ(answer.data, "first");
  EXPECT_EQ(answer.from, b.at("127.0.0.2"));
}

BIGHT_TEST(udp_source, many_datagrams_are_answered_from_their_destination_address) {
  auto b = co_await open_both();
  static_cast<void>(co_await attempt(within(1ms, b.server.recv_many())));  // joins from here on
  for (int round = 0; round < 3; ++round)
    for (const char* host : {"127.0.0.2", "127.0.0.3"})
      co_await b.client.send_many_to(b.at(host), pattern::at(0, 1000), 100);
  for (std::size_t come = 0; come < 6000;) {
    auto got = co_await b.server.recv_many();
    come += got.data.size();
    co_await b.server.send_many_to(got.from, got.data, got.segment);
  }
  std::size_t of[2] = {0, 0};
  for (std::size_t come = 0; come < 6000;) {
    auto got = co_await b.client.recv();
    come += got.data.size();
    for (const int i : {0, 1})
      if (got.from == b.at(i == 0 ? "127.0.0.2" : "127.0.0.3")) of[i] += got.data.size();
  }
  EXPECT_EQ(of[0], 3000u);
  EXPECT_EQ(of[1], 3000u);
}

BIGHT_TEST(udp_source, a_receive_that_is_undone_keeps_the_destination_address) {
  auto b = co_await open_both();
  co_await b.client.send_to(b.at("127.0.0.2"), "asked");
  // Complete and then stopped, in one turn: the datagram goes back.
  auto run_race = [](udp::socket& from) -> task<> {
    auto lost = co_await attempt(from.recv());
    EXPECT_TRUE(fails(lost, errc::cancelled) || lost);
  };
  static_cast<void>(co_await race(run_race(b.server), sleep(0s)));
  co_await b.client.send_to(b.at("127.0.0.2"), "asked");
  auto got = co_await b.server.recv();
  EXPECT_EQ(got.from.source(), address("127.0.0.2:0"));
}

BIGHT_TEST(udp_source, a_socket_on_one_address_names_none_and_follows_none) {
  auto server = co_await udp::bind("127.0.0.1:0");
  auto client = co_await udp::bind("127.0.0.1:0");
  co_await client.send_to(server.local(), "x");
  auto got = co_await server.recv();
  EXPECT_FALSE(got.from.has_source());
  co_await server.send_to(got.from.with_source("127.0.0.2:0"), "y");
  EXPECT_EQ((co_await client.recv()).from, server.local());
}

BIGHT_TEST(udp_source, a_program_can_choose_only_an_address_of_this_machine) {
  auto b = co_await open_both();
  co_await b.server.send_to(b.client.local().with_source("127.0.0.9:0"), "chosen");
  EXPECT_EQ((co_await b.client.recv()).from, b.at("127.0.0.9"));
  co_await b.server.send_to(b.client.local().with_source("192.0.2.1:0"), "elsewhere");
  co_await b.server.send_to(b.client.local().with_source("224.0.0.1:0"), "many places");
  co_await b.server.send_many_to(b.client.local().with_source("192.0.2.1:0"), "abcd", 2);
  for (int i = 0; i < 4; ++i) EXPECT_EQ((co_await b.client.recv()).from, b.at("127.0.0.1"));
}

BIGHT_TEST(udp_source, a_broadcast_is_answered_from_the_systems_choice) {
  needs_kernel("sends a broadcast");
  auto b = co_await open_both();
  b.client.set(options::broadcast, true);
  auto sent = co_await attempt(b.client.send_to(b.at("127.255.255.255"), "everybody"));
  EXPECT_TRUE(static_cast<bool>(sent));
  auto got = co_await b.server.recv();
  EXPECT_EQ(got.from.source(), address("127.255.255.255:0"));
  for (int i = 0; i < 2; ++i) {
    co_await b.server.send_to(got.from, "me");
    EXPECT_EQ((co_await b.client.recv()).from, b.at("127.0.0.1"));
  }
}

namespace {

bool add_to_loopback(const char* ip) {
  struct {
    in6_addr at;
    std::uint32_t prefix;
    int interface;
  } request{};  // struct in6_ifreq of <linux/ipv6.h>, which does not go with <netinet/in.h>
  inet_pton(AF_INET6, ip, &request.at);
  request.prefix = 64;
  request.interface = static_cast<int>(if_nametoindex("lo"));
  const int fd = socket(AF_INET6, SOCK_DGRAM, 0);
  const bool done = ioctl(fd, SIOCSIFADDR, &request) == 0;
  close(fd);
  return done;
}

// An address that has just been added is tentative for a moment: nothing may leave from it yet.
task<> until_usable(const char* ip) {
  const std::string at = std::string("[") + ip + (ip[1] == 'e' ? "%lo]:0" : "]:0");
  for (int i = 0; i < 1000; ++i) {
    const auto bound = co_await attempt(udp::bind(at));
    if (bound) co_return;
    co_await sleep(5ms);
  }
  ADD_FAILURE() << ip << " stays tentative";
}

task<> ask_over_ip6() {
  for (const char* ip : {"fd00::1", "fd00::2", "fe80::1", "fe80::2"}) co_await until_usable(ip);
  served s;
  std::vector<const char*> hosts = {"[fd00::1]", "[fd00::2]", "[fe80::1%lo]", "[fe80::2%lo]"};
  auto ask_all = [](served& of, std::vector<const char*> at) -> task<> {
    const std::string port = ":" + std::to_string(of.at.front().port());
    for (const char* host : at) {
      auto client = co_await udp::connect(host + port);
      for (int i = 0; i < 20; ++i) co_await client.send("who");
      for (int i = 0; i < 20; ++i) {
        auto answer = co_await attempt(within(10s, client.recv()));
        EXPECT_TRUE(static_cast<bool>(answer)) << "nothing came from " << host;
        if (!answer) co_return;
      }
    }
  };
  co_await serve_for(s, udp::serve(":0", say_where, s.options()), ask_all(s, hosts));
  EXPECT_EQ(s.told(), "");
}

}  // namespace

TEST(udp_source, holds_for_IPv6_and_for_addresses_of_a_link) {
  if (on_sim()) GTEST_SKIP() << "adds addresses to an interface";
  bight_test::in_own_network([] {
    for (const char* ip : {"fd00::1", "fd00::2", "fe80::1", "fe80::2"})
      EXPECT_TRUE(add_to_loopback(ip)) << ip;
    run_test(ask_over_ip6());
  });
}

}  // namespace contract
