// SPDX-License-Identifier: MIT
#include <bight/resolve.hpp>

#include <bight/deadline.hpp>
#include <bight/run.hpp>
#include <bight/scope.hpp>

#include "base/names.hpp"
#include "contract/own_network.hpp"

#include <gmock/gmock.h>

#include <chrono>

namespace bight {
namespace {

using bight_test::in_own_network;
using bight_test::name_server;
using testing::HasSubstr;

using answer = result<std::vector<address>>;

task<answer> ask_for(address name, address_family family) {
  co_return co_await attempt(resolve(std::move(name), family));
}

task<answer> ask_for(address name) { co_return co_await attempt(resolve(std::move(name))); }

std::vector<std::string> texts(answer a) {
  if (!a) return {a.error().what()};
  std::vector<std::string> all;
  for (const address& found : *a) all.push_back(found.str());
  return all;
}

using list = std::vector<std::string>;

auto seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

TEST(names, an_ip_address_is_its_own) {
  runner r;
  EXPECT_EQ(texts(r.run(ask_for("192.0.2.1:80"))), list{"192.0.2.1:80"});
  EXPECT_EQ(texts(r.run(ask_for("[2001:db8::1]:80"))), list{"[2001:db8::1]:80"});
  EXPECT_EQ(texts(r.run(ask_for("192.0.2.1:80", address_family::ip4))), list{"192.0.2.1:80"});
  EXPECT_TRUE(r.run(ask_for("192.0.2.1:80", address_family::ip6)).error().is(errc::name_not_found));
}

TEST(names, localhost_is_always_loopback) {
  runner r;
  EXPECT_EQ(texts(r.run(ask_for("localhost:80"))), (list{"[::1]:80", "127.0.0.1:80"}));
  EXPECT_EQ(texts(r.run(ask_for("LocalHost.:80", address_family::ip4))), list{"127.0.0.1:80"});
  EXPECT_EQ(texts(r.run(ask_for("a.localhost:80", address_family::ip6))), list{"[::1]:80"});
}

TEST(names, invalid_never_exists) {
  runner r;
  auto outcome = r.run(ask_for("nosuch.invalid:80"));
  ASSERT_FALSE(outcome);
  EXPECT_TRUE(outcome.error().is(errc::name_not_found));
  EXPECT_THAT(outcome.error().what(), HasSubstr("resolve nosuch.invalid: no such host"));
}

TEST(names, a_cancelled_resolve_returns_at_once) {  // F06
  in_own_network([] {
    name_server server;
    runner r;
    const auto start = std::chrono::steady_clock::now();
    const auto slow = [](address name) -> task<> {
      auto outcome = co_await attempt(within(20ms, resolve(std::move(name), address_family::ip4)));
      EXPECT_TRUE(!outcome && outcome.error().is(errc::timed_out));
    };
    for (int i = 0; i < 5; ++i) r.run(slow("silent.silent.test:80"));
    EXPECT_LT(seconds_since(start), 3.0);  // c-ares itself gives up after 5 s or more
    // One that is given up beside one that is not: the late answers of neither do harm.
    const auto both = [slow]() -> task<> {
      auto kept = ask_for("ok.ok.test:80", address_family::ip4);
      auto given_up = slow("silent.silent.test:80");
      auto done = co_await all(std::move(kept), std::move(given_up));
      EXPECT_EQ(texts(std::move(std::get<0>(done))), list{"127.0.0.1:80"});
    };
    for (int i = 0; i < 5; ++i) r.run(both());
  });
}

TEST(names, an_engine_may_be_destroyed_while_a_cancelled_query_is_in_flight) {
  in_own_network([] {
    name_server server;
    runner r;
    const auto run_race = []() -> task<> {
      // The silent query is abandoned first; the one that keeps c-ares busy comes second.
      auto first = attempt(within(5ms, resolve("silent.silent.test:80", address_family::ip4)));
      auto second = attempt(within(10ms, resolve("silent.silent.test:80", address_family::ip6)));
      co_await all(std::move(first), std::move(second));
    };
    r.run(run_race());
  });
}

TEST(names, both_families_alternate) {
  in_own_network([] {
    name_server server;
    runner r;
    EXPECT_EQ(texts(r.run(ask_for("two.ok.test:80"))),
              (list{"[::1]:80", "127.0.0.2:80", "127.0.0.1:80"}));
    EXPECT_EQ(texts(r.run(ask_for("ok.none.test:80"))), list{"127.0.0.1:80"});
    EXPECT_EQ(texts(r.run(ask_for("ok.fail.test:80"))), list{"127.0.0.1:80"});
  });
}

TEST(names, different_failures_are_distinguished) {  // F01, F05
  in_own_network([] {
    name_server server;
    runner r;
    EXPECT_TRUE(r.run(ask_for("nx.nx.test:80")).error().is(errc::name_not_found));
    EXPECT_TRUE(r.run(ask_for("none.none.test:80")).error().is(errc::name_not_found));
    for (const char* name : {"fail.fail.test:80", "refuse.refuse.test:80", "nx.fail.test:80",
                             "fail.nx.test:80", "none.refuse.test:80"}) {
      auto outcome = r.run(ask_for(name));
      ASSERT_FALSE(outcome) << name;
      EXPECT_TRUE(outcome.error().is(errc::name_unavailable)) << outcome.error().what();
      EXPECT_FALSE(outcome.error().is(errc::name_not_found)) << outcome.error().what();
    }
    auto garbled = r.run(ask_for("garble.garble.test:80"));
    ASSERT_FALSE(garbled);
    EXPECT_TRUE(garbled.error().is(errc::name_unavailable)) << garbled.error().what();
  });
}

TEST(names, a_thousand_addresses_come_by_tcp) {  // F04, F05
  in_own_network([] {
    name_server server;
    runner r;
    auto outcome = r.run(ask_for("many.none.test:80"));
    ASSERT_TRUE(outcome) << outcome.error().what();
    EXPECT_EQ(outcome->size(), 1000u);
  });
}

TEST(names, nothing_is_cached_between_calls) {  // F13
  in_own_network([] {
    name_server server;
    runner r;
    static_cast<void>(r.run(ask_for("ok.ok.test:80", address_family::ip4)));
    static_cast<void>(r.run(ask_for("ok.ok.test:80", address_family::ip4)));
    EXPECT_EQ(server.questions(), 2);
  });
}

TEST(names, a_name_in_the_hosts_file_is_not_looked_up_elsewhere) {
  in_own_network([] {
    name_server server;
    runner r;
    EXPECT_EQ(texts(r.run(ask_for("only4.hosts:80"))), list{"127.0.0.5:80"});
    EXPECT_EQ(server.questions(), 0);
  });
}

TEST(names, without_a_name_server_the_error_is_clear_and_quick) {  // F12
  in_own_network([] {
    bight_test::replace_file("resolv.conf", "");
    runner r;
    const auto start = std::chrono::steady_clock::now();
    auto outcome = r.run(ask_for("ok.ok.test:80", address_family::ip4));
    ASSERT_FALSE(outcome);
    EXPECT_TRUE(outcome.error().is(errc::name_unavailable)) << outcome.error().what();
    EXPECT_LT(seconds_since(start), 3.0);
  });
}

TEST(names, a_first_name_server_that_refuses_costs_neither_family_its_timeout) {
  in_own_network([] {
    name_server server;
    constexpr int seconds = 20;  // of silence, which none of the questions may wait for
    bight_test::replace_file("resolv.conf",
                             "nameserver 127.0.0.9\nnameserver 127.0.0.1\noptions timeout:" +
                                 std::to_string(seconds) + "\n");
    runner r;
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(texts(r.run(ask_for("ok.ok.test:80"))), (list{"[::1]:80", "127.0.0.1:80"}));
    EXPECT_LT(seconds_since(start), seconds / 2);
  });
}

TEST(names, a_new_resolv_conf_is_noticed) {
  in_own_network([] {
    name_server server;
    bight_test::replace_file("resolv.conf", "nameserver 127.0.0.9\n");
    runner r;
    EXPECT_FALSE(r.run(ask_for("ok.ok.test:80", address_family::ip4)));
    bight_test::replace_file("resolv.conf", "nameserver 127.0.0.1\n");
    EXPECT_TRUE(r.run(ask_for("ok.ok.test:80", address_family::ip4)));
  });
}

TEST(names, a_new_resolv_conf_is_used_while_a_query_to_the_old_server_is_in_flight) {
  in_own_network([] {
    name_server server;
    const int silent = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(53);
    inet_pton(AF_INET, "127.0.0.9", &at.sin_addr);
    EXPECT_EQ(bind(silent, reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    bight_test::replace_file("resolv.conf", "nameserver 127.0.0.9\n");
    runner r;
    const auto hangs = []() -> task<> {
      auto outcome = co_await ask_for("ok.ok.test:80", address_family::ip4);
      EXPECT_TRUE(!outcome && outcome.error().is(errc::cancelled));
    };
    const auto both = [hangs]() -> task<> {
      scope side(co_await current_context());
      side.spawn(hangs());
      co_await sleep(1ms);
      bight_test::replace_file("resolv.conf", "nameserver 127.0.0.1\n");
      const auto told = texts(co_await ask_for("ok.ok.test:80", address_family::ip4));
      EXPECT_EQ(told, list{"127.0.0.1:80"});
      side.stop();
      co_await side.join();
    };
    r.run(both());
    close(silent);
  });
}

TEST(names, more_queries_than_may_be_in_flight_wait_their_turn) {  // F07
  in_own_network([] {
    name_server server;
    runner r;
    const auto one = [](int i, int& found) -> task<> {
      const std::string name = "ok.ok." + std::to_string(i) + ".test:80";
      auto outcome = co_await ask_for(name, address_family::ip4);
      if (outcome) ++found;
    };
    const auto many = [one](int& found) -> task<> {
      std::vector<task<>> tasks;
      for (int i = 0; i < 1000; ++i) tasks.push_back(one(i, found));
      co_await all(std::move(tasks));
    };
    int found = 0;
    r.run(many(found));
    EXPECT_EQ(found, 1000);
    // A thousand that never end, given up: each at its own deadline, queued or not.
    const auto start = std::chrono::steady_clock::now();
    const auto hopeless = []() -> task<> {
      auto outcome =
          co_await attempt(within(50ms, resolve("silent.silent.test:80", address_family::ip4)));
      EXPECT_TRUE(!outcome && outcome.error().is(errc::timed_out));
    };
    const auto crowd = [hopeless]() -> task<> {
      std::vector<task<>> tasks;
      for (int i = 0; i < 1000; ++i) tasks.push_back(hopeless());
      co_await all(std::move(tasks));
    };
    r.run(crowd());
    EXPECT_LT(seconds_since(start), 4.0);
  });
}

}  // namespace
}  // namespace bight
