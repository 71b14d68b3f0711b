// SPDX-License-Identifier: MIT
// Destinations with a meaning of their own: every address, and one interface's.
#include "contract/contract.hpp"

namespace contract {

namespace {

// To connect to "every address" is to connect to this machine: Linux, ip(7), and so [::] as well.
task<> connect_to_every_address(const char* own, const char* every) {
  auto listening = co_await tcp::listen(address(own));
  const address to(std::string(every) + ":" + std::to_string(listening.local().port()));
  auto here = co_await tcp::connect(to);
  auto there = co_await listening.accept();
  co_await here.send("hello");
  auto got = co_await there.recv();
  EXPECT_EQ(got, "hello");
  EXPECT_TRUE(here.remote().is_loopback()) << here.remote().str();
  EXPECT_EQ(here.remote(), there.local());
}

task<> send_to_every_address(const char* own, const char* every) {
  auto there = co_await udp::bind(address(own));
  const address to(std::string(every) + ":" + std::to_string(there.local().port()));
  auto here = co_await udp::bind(address(own));
  co_await here.send_to(to, "hello");
  auto got = co_await there.recv();
  EXPECT_EQ(got.data, "hello");
  EXPECT_EQ(got.from, here.local());
}

}  // namespace

BIGHT_TEST(destinations, every_address_is_this_machine) {
  needs_kernel("its loopback interface");
  co_await connect_to_every_address("127.0.0.1:0", "0.0.0.0");
  co_await connect_to_every_address("[::1]:0", "[::]");
  co_await send_to_every_address("127.0.0.1:0", "0.0.0.0");
  co_await send_to_every_address("[::1]:0", "[::]");
}

// fe80::/10 says nothing without an interface: RFC 4007 §6.
BIGHT_TEST(destinations, a_zone_that_is_not_an_interface_is_refused) {
  needs_kernel("interfaces");
  for (const char* to : {"[fe80::1%no-such]:9", "[fe80::1%4294967295]:9", "[fe80::1]:9"}) {
    auto made = co_await attempt(tcp::connect(address(to)));
    EXPECT_FALSE(made) << to;
    auto listening = co_await attempt(tcp::listen(address(to)));
    EXPECT_FALSE(listening) << to;
  }
}

}  // namespace contract
