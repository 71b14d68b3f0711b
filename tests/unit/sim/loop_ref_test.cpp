// SPDX-License-Identifier: MIT
// Loops of one world that post to each other, and calls off the loop, which a world makes in its
// own thread after a drawn time.

#include <bight/loop_ref.hpp>
#include <bight/off_loop.hpp>

#include "base/names.hpp"
#include "unit/sim/net.hpp"

#include <string>

namespace bight::sim_test {
namespace {

TEST(loop_ref_sim, programs_of_a_world_post_to_each_other) {
  sim::world net;
  loop_ref of_server;
  std::string got;
  event enough;
  const auto server = [&]() -> task<> {
    of_server = co_await current_loop();
    co_await enough.wait();
  };
  const auto client = [&]() -> task<> {
    for (const char* word : {"one ", "two"}) {
      co_await sleep(1ms);
      EXPECT_TRUE(of_server.post([&got, word] { got += word; }));
    }
    EXPECT_TRUE(of_server.post([&enough] { enough.set(); }));
  };
  auto& here = net.add("server");
  auto& there = net.add("client");
  here.start(server);
  there.start(client);
  net.run_for(1s);
  EXPECT_EQ(got, "one two");
  EXPECT_FALSE(of_server.post([] { ADD_FAILURE(); }));  // it has ended
}

TEST(loop_ref_sim, a_hold_keeps_a_program) {
  sim::world net;
  loop_ref kept;
  loop_hold hold;
  bool ran = false;
  const auto brief = [&]() -> task<> {
    kept = co_await current_loop();
    hold = kept.hold();
  };
  auto& here = net.add("host");
  here.start(brief);
  net.run_for(1s);
  EXPECT_TRUE(kept.post([&ran] { ran = true; }));
  net.run_for(1s);
  EXPECT_TRUE(ran);
  hold = loop_hold();
  net.run_for(1s);
  EXPECT_FALSE(kept.post([] { ADD_FAILURE(); }));
}

duration time_of_a_call(std::uint64_t seed) {
  sim::world_options options;
  options.seed = seed;
  sim::world net(options);
  const auto body = []() -> task<duration> {
    context& c = co_await current_context();
    const time_point start = c.now();
    limit_off_loop_threads(0);  // a world has none
    const int value = co_await off_loop([] { return 5; });
    EXPECT_EQ(value, 5);
    co_return c.now() - start;
  };
  return net.add("host").run(body());
}

TEST(off_loop_sim, a_call_takes_a_time_that_the_seed_draws) {
  const duration first = time_of_a_call(1);
  EXPECT_GT(first, duration::zero());
  EXPECT_LT(first, 1s);
  EXPECT_EQ(first, time_of_a_call(1));
  bool differs = false;
  for (std::uint64_t seed = 2; seed < 10; ++seed) differs |= time_of_a_call(seed) != first;
  EXPECT_TRUE(differs);
}

TEST(off_loop_sim, a_cancel_before_its_time_makes_no_call) {
  bool cancelled = false;
  for (std::uint64_t seed = 1; seed < 30; ++seed) {
    sim::world_options options;
    options.seed = seed;
    sim::world net(options);
    const auto body = [&cancelled]() -> task<> {
      bool called = false;
      const auto outcome = co_await attempt(within(1ms, off_loop([&called] { called = true; })));
      EXPECT_EQ(called, static_cast<bool>(outcome));
      cancelled |= !outcome;
    };
    net.add("host").run(body());
  }
  EXPECT_TRUE(cancelled);
}

}  // namespace
}  // namespace bight::sim_test
