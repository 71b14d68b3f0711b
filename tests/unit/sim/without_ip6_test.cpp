// SPDX-License-Identifier: MIT
#include "unit/sim/net.hpp"

namespace bight::sim_test {
namespace {

struct without_ip6 : testing::Test {
  sim::world net;
  sim::host& a = net.add("a");
  sim::host& old = net.add("old", {.ip6 = false});
};

TEST_F(without_ip6, every_address_is_every_IPv4_address) {
  old.start([]() -> task<> {
    auto listening = co_await tcp::listen(":7");
    EXPECT_EQ(listening.local().str(), "0.0.0.0:7");
    auto peer = co_await listening.accept();
    co_await echo(std::move(peer));
  });
  a.run([](sim::host& to) -> task<> {
    auto peer = co_await tcp::connect("old:7");  // its name has one address
    EXPECT_EQ(peer.remote(), to.ip4(7));
    co_await peer.send("hi");
    EXPECT_EQ((co_await peer.recv()).view(), "hi");
  }(old));
}

TEST_F(without_ip6, an_address_of_IPv6_is_refused_with_the_reason) {
  old.run([]() -> task<> {
    auto listening = co_await attempt(tcp::listen("[::1]:7"));
    EXPECT_EQ(std::string(listening.error().what()), "listen on [::1]:7: this system has no IPv6");
    auto bound = co_await attempt(udp::bind("[::]:7"));
    EXPECT_EQ(std::string(bound.error().what()), "bind [::]:7: this system has no IPv6");
  }());
}

TEST_F(without_ip6, an_IPv6_address_is_unreachable) {
  old.run([](sim::host& other) -> task<> {
    auto connected = co_await attempt(tcp::connect(other.ip6(7)));
    EXPECT_EQ(connected.error().what(),
              "connect " + other.ip6(7).str() + ": this system has no IPv6");
    auto aimed = co_await attempt(udp::connect(other.ip6(7)));
    EXPECT_EQ(aimed.error().what(), "connect " + other.ip6(7).str() + ": this system has no IPv6");
    auto socket = co_await udp::bind(":0");
    auto sent = co_await attempt(socket.send_to(other.ip6(7), "hi"));
    EXPECT_TRUE(fails(sent, errc::bad_address));
  }(a));
}

TEST_F(without_ip6, a_name_with_both_families_is_reached_by_its_IPv4_address) {
  a.start([]() -> task<> {
    auto socket = co_await udp::bind(":7");
    auto asked = co_await socket.recv();
    co_await socket.send_to(asked.from, "yes");
  });
  old.run([](sim::host& to) -> task<> {
    auto socket = co_await udp::connect("a:7");
    EXPECT_EQ(socket.remote(), to.ip4(7));
    co_await socket.send("there?");
    EXPECT_EQ((co_await socket.recv()).data.view(), "yes");
    auto refused = co_await attempt(tcp::connect("a:8"));
    EXPECT_TRUE(fails(refused, errc::refused));
  }(a));
}

TEST_F(without_ip6, localhost_is_its_IPv4_address) {
  old.run([]() -> task<> {
    const auto found = co_await resolve("localhost:7");
    EXPECT_EQ(found, std::vector<address>{"127.0.0.1:7"});
  }());
  a.run([]() -> task<> {
    const auto found = co_await resolve("localhost:7");
    EXPECT_EQ(found.size(), 2u);
  }());
}

}  // namespace
}  // namespace bight::sim_test
