// SPDX-License-Identifier: MIT
#include <bight/interval.hpp>

#include <bight/deadline.hpp>

#include "base/names.hpp"
#include "manual_scheduler.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace bight {
namespace {

TEST(interval, ticks_without_drift_whatever_happens_between_two_ticks) {
  manual_scheduler loop;
  auto body = [](manual_scheduler& of) -> task<> {
    interval seconds(1s);
    for (int i = 1; i <= 10; ++i) {
      EXPECT_EQ(co_await seconds.tick(), 1u);
      EXPECT_EQ(of.elapsed(), i * 1s);
      co_await sleep(i * 90ms);
    }
  };
  loop.run(body(loop));
}

TEST(interval, counts_missed_ticks_in_the_next_one_and_is_in_step_again) {
  manual_scheduler loop;
  auto body = [](manual_scheduler& of) -> task<> {
    interval seconds(1s);
    EXPECT_EQ(co_await seconds.tick(), 1u);
    co_await sleep(3500ms);  // misses the ticks of 2 s, 3 s and 4 s
    EXPECT_EQ(co_await seconds.tick(), 3u);
    EXPECT_EQ(of.elapsed(), 4500ms) << "it does not wait";
    EXPECT_EQ(co_await seconds.tick(), 1u);
    EXPECT_EQ(of.elapsed(), 5s);
  };
  loop.run(body(loop));
}

TEST(interval, starts_with_the_first_call_of_tick) {
  manual_scheduler loop;
  auto body = [](manual_scheduler& of) -> task<> {
    interval seconds(1s);
    co_await sleep(10s);
    EXPECT_EQ(co_await seconds.tick(), 1u);
    EXPECT_EQ(of.elapsed(), 11s);
  };
  loop.run(body(loop));
}

TEST(interval, loses_no_tick_to_a_cancelled_wait) {
  manual_scheduler loop;
  auto body = [](manual_scheduler& of) -> task<> {
    interval seconds(1s);
    for (int i = 1; i <= 10; ++i) {
      // The sleep ends in the same turn as the tick, and wins.
      auto racing = race(sleep(1s), seconds.tick());
      EXPECT_EQ((co_await std::move(racing)).index(), 0u);
      EXPECT_EQ(co_await seconds.tick(), 1u);
      EXPECT_EQ(of.elapsed(), i * 1s);
      auto early = co_await attempt(within(500ms, seconds.tick()));
      EXPECT_STREQ(early.error().what(), "tick: timed out after 500 ms");
      EXPECT_EQ(co_await seconds.tick(), 1u);
      EXPECT_EQ(of.elapsed(), ++i * 1s);
    }
  };
  loop.run(body(loop));
}

TEST(interval, lets_other_tasks_run_while_it_is_behind) {
  manual_scheduler loop;
  auto body = []() -> task<> {
    interval fast(1ns);
    co_await fast.tick();
    for (int i = 0; i < 1000; ++i) {
      co_await sleep(1s);
      EXPECT_EQ(co_await fast.tick(), 1'000'000'000u);
    }
  };
  loop.run(body());
}

TEST(yield, lets_every_other_ready_task_run_once) {
  manual_scheduler loop;
  std::vector<int> log;
  auto body = [](std::vector<int>& into, int id) -> task<> {
    for (int i = 0; i < 3; ++i) {
      into.push_back(id);
      co_await yield();
    }
  };
  loop.start(body(log, 1));
  loop.start(body(log, 2));
  loop.settle();
  EXPECT_EQ(log, (std::vector{1, 2, 1, 2, 1, 2}));
  EXPECT_EQ(loop.elapsed(), 0s);
}

TEST(yield, ends_a_computation_whose_context_is_stopped) {
  manual_scheduler loop;
  auto endless = loop.start([]() -> task<> {
    for (;;) co_await yield();
  }());
  loop.turn();
  EXPECT_FALSE(endless->done);
  loop.root().stop();
  loop.settle();
  EXPECT_TRUE(endless->done);
  try {
    endless->get();
    ADD_FAILURE();
  } catch (const error& e) {
    EXPECT_STREQ(e.what(), "yield: cancelled");
  }
}

TEST(now, is_the_time_of_the_turn) {
  manual_scheduler loop;
  auto body = []() -> task<> {
    const time_point before = co_await now();
    co_await sleep(5s);
    EXPECT_EQ(co_await now() - before, 5s);
  };
  loop.run(body());
}

}  // namespace
}  // namespace bight
