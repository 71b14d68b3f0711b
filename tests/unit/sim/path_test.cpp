// SPDX-License-Identifier: MIT
#include "sim/path.hpp"

#include <gtest/gtest.h>

namespace bight::sim {
namespace {

TEST(path, takes_its_latency) {
  path p(1, "p", {.latency = 20ms});
  const path::fate f = p.send(0s, 1000);
  EXPECT_FALSE(f.lost);
  EXPECT_EQ(f.delay, 20ms);
}

TEST(path, takes_more_by_its_jitter) {
  path p(1, "p", {.latency = 20ms, .jitter = 5ms});
  duration most{};
  for (int i = 0; i < 10'000; ++i) {
    const duration d = p.send(0s, 100).delay;
    ASSERT_GE(d, 20ms);
    ASSERT_LE(d, 70ms);
    most = std::max(most, d);
  }
  EXPECT_GT(most, 25ms);  // one of a thousand is very late
}

TEST(path, sends_at_its_rate_and_drops_what_its_queue_does_not_hold) {
  path p(1, "p", {.latency = 1ms, .rate = 1'000'000, .queue = 3000});
  EXPECT_EQ(p.send(0s, 1000).delay, 2ms);  // a thousand bytes take a millisecond
  EXPECT_EQ(p.send(0s, 1000).delay, 3ms);
  EXPECT_EQ(p.send(0s, 1000).delay, 4ms);
  EXPECT_TRUE(p.send(0s, 1000).lost);
  EXPECT_EQ(p.send(1ms, 1000).delay, 4ms);
}

TEST(path, loses_its_share) {
  path p(1, "p", {.loss = 0.1});
  int lost = 0;
  for (int i = 0; i < 10'000; ++i) lost += p.send(0s, 100).lost;
  EXPECT_NEAR(lost, 1000, 120);
}

TEST(path, has_time_outs_that_double_up_to_two_minutes) {
  EXPECT_EQ(path::time_out(0s, 0), 200ms);
  EXPECT_EQ(path::time_out(0s, 1), 400ms);
  EXPECT_EQ(path::time_out(100ms, 0), 300ms);
  EXPECT_EQ(path::time_out(100ms, 3), 2400ms);
  EXPECT_EQ(path::time_out(10s, 6), 120s);
  EXPECT_EQ(path::time_out(0s, 30), 120s);
}

TEST(path, that_was_slow_delays_nothing_once_it_is_fast) {
  path p(1, "p", {.latency = 1ms, .rate = 1'000});
  EXPECT_EQ(p.send(0s, 1000).delay, 1001ms);
  p.set({.latency = 1ms, .rate = 1'000'000});
  p.flush(0s);
  EXPECT_EQ(p.send(0s, 1000).delay, 2ms);
}

TEST(path, is_as_before_after_the_fault) {
  path p(1, "p", {.latency = 1ms});
  p.worsen({.latency = 1s});
  EXPECT_EQ(p.send(0s, 1).delay, 1s);
  p.mend();
  EXPECT_EQ(p.send(0s, 1).delay, 1ms);
}

}  // namespace
}  // namespace bight::sim
