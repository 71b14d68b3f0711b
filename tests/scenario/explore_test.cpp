// SPDX-License-Identifier: MIT
#include <bight/explore.hpp>

#include "scenario/scenario.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>

#include <fmt/format.h>

namespace scenario {

namespace {

using testing::HasSubstr;

// A variable of the environment, for as long as this lives.
class variable {
 public:
  variable(const char* name, const std::string& value) : name_(name) {
    setenv(name, value.c_str(), 1);
  }
  variable(const variable&) = delete;
  variable& operator=(const variable&) = delete;
  ~variable() { unsetenv(name_); }

 private:
  const char* name_;
};

task<> echo_once(tcp::stream peer) {
  auto said = co_await peer.recv();
  co_await peer.send(said);
}

// A client that forgets that an answer may be lost with its connection: wrong as soon as some
// connection is reset.
task<> naive(unsigned& answered) {
  auto server = co_await tcp::connect("server:9999");
  co_await server.send("hello");
  auto answer = co_await attempt(server.recv());
  if (answer && *answer) ++answered;
}

void naive_clients(sim::world& net, unsigned size) {
  auto& server = net.add("server");
  auto& client = net.add("client");
  unsigned answered = 0;
  unsigned ended = 0;
  stage on(net);
  on.start(server, []() -> task<> { co_await tcp::serve(":9999", echo_once, quiet()); });
  for (unsigned i = 0; i < size; ++i)
    on.start(client, [&answered, &ended]() -> task<> {
      for (int visit = 0; visit < 20; ++visit) {
        co_await naive(answered);
        co_await sleep(100ms);
      }
      ++ended;
    });
  on.drive([&] { return ended == size; });
  sim::require(answered == 20 * size, fmt::format("{} of {} answers", answered, 20 * size));
}

sim::explore_options quietly(std::string& told) {
  sim::explore_options how;
  how.seeds = 200;
  how.from =
      sim::family::reset | sim::family::latency | sim::family::jitter | sim::family::short_io;
  how.tell = [&told](std::string_view text) { told += text; };
  return how;
}

TEST(Explore, reports_a_failure_in_one_block_and_reduces_it) {
  std::string told;
  const auto all = sim::explore("naive", quietly(told), sim::scenario(naive_clients));
  ASSERT_FALSE(all);
  EXPECT_THAT(told, HasSubstr("scenario naive: "));
  EXPECT_THAT(told, HasSubstr(fmt::format("seed {}, size 4", all.failed->seed)));
  EXPECT_THAT(told, HasSubstr("bight sim replay --scenario naive"));
  const auto count = [](sim::families f) {
    std::size_t n = 0;
    for (std::size_t i = 0; i < sim::family_count; ++i) n += f.has(static_cast<sim::family>(i));
    return n;
  };
  EXPECT_LE(all.smallest->size, all.failed->size);
  EXPECT_LE(count(all.smallest->faults.on), count(all.failed->faults.on));
  EXPECT_TRUE(all.smallest->faults.on.has(sim::family::reset)) << "without it nothing fails";
  EXPECT_LT(all.smallest->event, all.failed->event);
}

TEST(Explore, replays_the_failure_from_the_environment) {
  std::string told;
  const auto all = sim::explore("naive", quietly(told), sim::scenario(naive_clients));
  ASSERT_FALSE(all);
  const sim::finding& f = *all.smallest;
  const variable scenario("BIGHT_SIM_SCENARIO", "naive");
  const variable seed("BIGHT_SIM_SEED", std::to_string(f.seed));
  const variable size("BIGHT_SIM_SIZE", std::to_string(f.size));
  const variable faults("BIGHT_SIM_FAULTS", f.faults.on.str());
  const variable most("BIGHT_SIM_FAULTS_MAX", std::to_string(f.faults.most));
  const variable events("BIGHT_SIM_EVENTS", "5");
  told.clear();
  const auto again = sim::explore("naive", quietly(told), sim::scenario(naive_clients));
  ASSERT_FALSE(again);
  EXPECT_EQ(again.worlds, 1u);
  EXPECT_EQ(again.failed->hash, f.hash);
  EXPECT_EQ(again.failed->event, f.event);
  EXPECT_EQ(again.failed->what, f.what);
  const auto other = sim::explore("other", quietly(told), sim::scenario(naive_clients));
  EXPECT_EQ(other.worlds, 0u) << "another scenario was not asked for";
}

// The order of a map that is keyed by pointers is the order of addresses, which is chance.
void greets_by_pointer(sim::world& net, unsigned) {
  static std::vector<std::unique_ptr<std::vector<char>>> kept;  // so that addresses differ
  auto& client = net.add("client");
  auto& server = net.add("server");
  std::map<const void*, std::string> by_address;
  for (int i = 0; i < 6; ++i) {
    kept.push_back(
        std::make_unique<std::vector<char>>(net.random("size").below(64) + 24 * kept.size()));
    by_address[kept.back().get()] = "guest" + std::to_string(i);
  }
  // A real one has the addresses of one run in the order of that run's allocator; this makes sure
  // that two runs in one process differ.
  static bool backwards = false;
  backwards = !backwards;
  std::vector<std::string> order;
  for (const auto& [address, name] : by_address) order.push_back(name);
  if (backwards) std::reverse(order.begin(), order.end());
  bool done = false;
  stage on(net);
  on.start(server, []() -> task<> { co_await tcp::serve(":9999", echo_once, quiet()); });
  on.start(client, [&order, &done]() -> task<> {
    for (const std::string& name : order) {
      auto peer = co_await tcp::connect("server:9999");
      co_await peer.send(name);
      auto back = co_await peer.recv();
    }
    done = true;
  });
  on.drive([&] { return done; });
}

TEST(Explore, finds_an_order_by_address_by_running_twice) {
  std::string told;
  sim::explore_options how = quietly(told);
  how.from = {};
  how.twice_percent = 100;
  const auto all = sim::explore("by pointer", how, sim::scenario(greets_by_pointer));
  ASSERT_FALSE(all);
  EXPECT_GT(all.twice, 0u);
  EXPECT_EQ(all.twice, all.worlds);
  EXPECT_THAT(all.failed->what,
              HasSubstr("two runs are not the same; the first event that differs"));
  EXPECT_THAT(all.failed->what, HasSubstr("data"));
}

TEST(Explore, refuses_settings_that_it_cannot_parse) {
  std::string told;
  const variable seed("BIGHT_SIM_SEED", "seven");
  EXPECT_THROW(
      static_cast<void>(sim::explore("naive", quietly(told), sim::scenario(naive_clients))), error);
}

}  // namespace

}  // namespace scenario
