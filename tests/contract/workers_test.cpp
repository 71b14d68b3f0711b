// SPDX-License-Identifier: MIT
#include "base/names.hpp"
#include "engine/engine.hpp"
#include "loop/work.hpp"

#include <bight/deadline.hpp>
#include <bight/machinery/callback.hpp>
#include <bight/run.hpp>
#include <bight/scope.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <thread>

namespace bight {
namespace {

task<> work(callback<task<>()> make) {
  auto working = run_on_another_loop(std::move(make));
  co_await std::move(working);
}

task<> nap(std::atomic<int>& naps) {
  co_await sleep(5ms);
  ++naps;
}

struct napper {
  std::atomic<int>* naps;
  BIGHT_CORO_WRAPPER task<> operator()() const { return nap(*naps); }
};

TEST(workers, run_in_parallel_and_are_awaited) {
  runner r;
  std::atomic<int> naps{0};
  const auto body = [](std::atomic<int>& count) -> task<> {
    std::vector<task<>> tasks;
    for (int i = 0; i < 4; ++i) tasks.push_back(work(napper{&count}));
    co_await all(std::move(tasks));
    EXPECT_EQ(count, 4);
  };
  for (int i = 0; i < 5; ++i) {
    naps = 0;
    r.run(body(naps));
  }
}

TEST(workers, run_in_their_own_threads) {
  runner r;
  static std::atomic<std::size_t> there;
  const auto body = []() -> task<> {
    const auto note = []() -> task<> {
      there = std::hash<std::thread::id>()(std::this_thread::get_id());
      co_return;
    };
    co_await work(note);
  };
  r.run(body());
  EXPECT_NE(there, std::hash<std::thread::id>()(std::this_thread::get_id()));
}

TEST(workers, a_failure_reaches_whoever_awaits) {
  runner r;
  const auto fail = []() -> task<> {
    co_await sleep(1ms);
    throw error(errc::cut_short, "test");
  };
  const auto fail_otherwise = []() -> task<> {
    co_await sleep(1ms);
    throw std::logic_error("not ours");
  };
  try {
    r.run(work(fail));
    FAIL();
  } catch (const error& e) {
    EXPECT_TRUE(e.is(errc::cut_short));
  }
  EXPECT_THROW(r.run(work(fail_otherwise)), std::logic_error);
}

task<> give_up_after(duration wait) {
  const auto for_ever = []() -> task<> { co_await sleep(1h); };
  auto outcome = co_await attempt(within(wait, work(for_ever)));
  EXPECT_TRUE(!outcome && outcome.error().is(errc::timed_out));
}

TEST(workers, are_stopped_by_a_cancel_and_awaited) {
  runner r;
  r.run(give_up_after(20ms));
}

// The worker's loop may not be there yet, or be on its way out.
TEST(workers, are_stopped_at_any_moment) {
  runner r;
  for (int us = 0; us < 400; us += 10) r.run(give_up_after(std::chrono::microseconds(us)));
  const auto racing = [](duration wait) -> task<> {
    const auto brief = []() -> task<> { co_await sleep(200us); };
    static_cast<void>(co_await attempt(within(wait, work(brief))));
  };
  for (int us = 0; us < 600; us += 10) r.run(racing(std::chrono::microseconds(us)));
}

}  // namespace
}  // namespace bight
