// SPDX-License-Identifier: MIT
// A loop that other threads give work to.

#include "contract/contract.hpp"

#include <bight/loop_ref.hpp>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace {

using namespace contract;

BIGHT_TEST(loop_ref, a_post_from_the_loop_itself_runs_later_and_in_order) {
  const loop_ref here = co_await current_loop();
  std::string order;
  event all;
  EXPECT_TRUE(here.post([&order] { order += '1'; }));
  EXPECT_TRUE(here.post([&order] { order += '2'; }));
  EXPECT_TRUE(here.post([&all] { all.set(); }));
  EXPECT_EQ(order, "");  // never inside post()
  co_await all.wait();
  EXPECT_EQ(order, "12");
}

BIGHT_TEST(loop_ref, a_posted_task_runs_on_the_loop) {
  const loop_ref here = co_await current_loop();
  event done;
  EXPECT_TRUE(here.post([&done]() -> task<> {
    co_await sleep(1ms);
    done.set();
  }));
  co_await done.wait();
}

// The reference is gone when the loop looks, and the post is all that can wake it.
BIGHT_TEST(loop_ref, a_post_is_kept_without_its_reference) {
  event done;
  {
    const loop_ref here = co_await current_loop();
    EXPECT_TRUE(here.post([&done] { done.set(); }));
  }
  co_await done.wait();
}

TEST(loop_ref, the_loop_does_not_end_before_what_was_posted) {
  bool ran = false;
  runner r;
  const auto body = [](bool& flag) -> task<> {
    const loop_ref here = co_await current_loop();
    EXPECT_TRUE(here.post([&flag]() -> task<> {
      co_await sleep(1ms);
      flag = true;
    }));
  };
  r.run(body(ran));
  EXPECT_TRUE(ran);
}

task<loop_ref> reference_to_this() { co_return co_await current_loop(); }

TEST(loop_ref, a_post_to_a_loop_that_has_ended_says_so) {
  runner r;
  const loop_ref ended = r.run(reference_to_this());
  const auto kept = std::make_shared<int>(1);
  EXPECT_FALSE(ended.post([kept] { FAIL(); }));
  EXPECT_EQ(kept.use_count(), 1);  // the callable was destroyed
  EXPECT_FALSE(ended.hold());
  const auto post_to_old = [](const loop_ref& old) -> task<> {
    EXPECT_FALSE(old.post([] { FAIL(); }));  // the next run is another one
    co_await some_turns();
  };
  r.run(post_to_old(ended));
}

TEST(loop_ref, one_that_refers_to_nothing_says_so) {
  const loop_ref none;
  EXPECT_FALSE(none.post([] { FAIL(); }));
  EXPECT_FALSE(none.hold());
}

TEST(loop_ref, a_failure_of_a_post_is_the_runs) {
  runner r;
  const auto body = []() -> task<> {
    const loop_ref here = co_await current_loop();
    EXPECT_TRUE(here.post([] { throw std::logic_error("of the post"); }));
    const auto waited = co_await attempt(sleep(patience));
    EXPECT_TRUE(fails(waited, errc::cancelled));
  };
  EXPECT_THROW(r.run(body()), std::logic_error);
}

TEST(loop_ref, a_posted_task_is_stopped_with_the_main_task) {
  runner r;
  const auto body = []() -> task<> {
    const loop_ref here = co_await current_loop();
    EXPECT_TRUE(here.post([]() -> task<> {
      const auto waited = co_await attempt(sleep(patience));
      EXPECT_TRUE(fails(waited, errc::cancelled));
    }));
    co_await some_turns();
    throw error(errc::refused, "main");
  };
  EXPECT_THROW(r.run(body()), error);
}

TEST(loop_ref, a_hold_keeps_the_loop_until_it_is_destroyed) {
  if (on_sim()) GTEST_SKIP() << "a world has one thread";
  runner r;
  std::thread other;
  bool ran = false;
  const auto body = [](std::thread& t, bool& flag) -> task<> {
    const loop_ref here = co_await current_loop();
    t = std::thread([here, held = here.hold(), &flag]() mutable {
      EXPECT_TRUE(held);
      std::this_thread::sleep_for(std::chrono::milliseconds(20));  // the main task has ended
      EXPECT_TRUE(here.post([&flag] { flag = true; }));
      held = loop_hold();
    });
  };
  r.run(body(other, ran));
  EXPECT_TRUE(ran);
  other.join();
}

// Each thread posts until it is told that the loop has ended: every post that was accepted ran.
TEST(loop_ref, what_was_accepted_runs_whenever_the_loop_ends) {
  if (on_sim()) GTEST_SKIP() << "a world has one thread";
  constexpr int rounds = 50;
  for (int round = 0; round < rounds; ++round) {
    std::atomic<int> accepted{0};
    int ran = 0;
    std::vector<std::thread> threads;
    runner r;
    const auto body = [](std::vector<std::thread>& all, std::atomic<int>& ok,
                         int& count) -> task<> {
      const loop_ref here = co_await current_loop();
      for (int i = 0; i < 3; ++i)
        all.emplace_back([here, &ok, &count] {
          while (here.post([&count] { ++count; })) ++ok;
        });
      co_await sleep(1ms);
    };
    r.run(body(threads, accepted, ran));
    for (std::thread& t : threads) t.join();
    EXPECT_EQ(ran, accepted);
  }
}

// One post at a time, each after the loop has gone to sleep or is about to.
TEST(loop_ref, no_wake_up_is_lost) {
  if (on_sim()) GTEST_SKIP() << "a world has one thread";
  runner r;
  std::thread other;
  const auto body = [](std::thread& t) -> task<> {
    const loop_ref here = co_await current_loop();
    constexpr int count = 2'000;
    std::atomic<int> seen{0};
    event last;
    t = std::thread([here, &seen, &last] {
      for (int i = 1; i <= count; ++i) {
        EXPECT_TRUE(here.post([&seen, &last, i] {
          seen = i;
          if (i == count) last.set();
        }));
        while (seen.load() < i) std::this_thread::yield();
      }
    });
    co_await within(patience, last.wait());
    t.join();
  };
  r.run(body(other));
}

}  // namespace
