// SPDX-License-Identifier: MIT
// Calls on threads without a loop.

#include "contract/contract.hpp"

#include <bight/off_loop.hpp>

#include <atomic>
#include <memory>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

#if defined(__has_feature)
#define BIGHT_THREAD_SANITIZER __has_feature(thread_sanitizer)
#else
#define BIGHT_THREAD_SANITIZER 0
#endif

namespace {

using namespace contract;

BIGHT_TEST(off_loop, gives_the_value_back) {
  int base = 40;
  const int sum = co_await off_loop([&base] { return base + 2; });
  EXPECT_EQ(sum, 42);
  const auto owned = co_await off_loop([] { return std::make_unique<int>(7); });
  EXPECT_EQ(*owned, 7);
  bool ran = false;
  co_await off_loop([&ran] { ran = true; });
  EXPECT_TRUE(ran);
}

BIGHT_TEST(off_loop, gives_the_exception_back) {
  auto failing = off_loop([]() -> int { throw std::logic_error("on the other thread"); });
  bool caught = false;
  try {
    static_cast<void>(co_await std::move(failing));
  } catch (const std::logic_error& e) {
    caught = std::string_view(e.what()) == "on the other thread";
  }
  EXPECT_TRUE(caught);
  const auto refused = co_await attempt(off_loop([] { throw error(errc::refused, "there"); }));
  EXPECT_TRUE(fails(refused, errc::refused));
}

BIGHT_TEST(off_loop, another_thread_makes_the_call) {
  needs_kernel("a world calls in its own thread");
  const auto here = std::this_thread::get_id();
  const auto there = co_await off_loop([] { return std::this_thread::get_id(); });
  EXPECT_NE(here, there);
  EXPECT_EQ(here, std::this_thread::get_id());  // and this one goes on
}

BIGHT_TEST(off_loop, the_loop_goes_on_meanwhile) {
  needs_kernel("a world calls in its own thread");
  std::atomic<bool> released{false};
  const auto wait = [](std::atomic<bool>& flag) -> task<> {
    co_await off_loop([&flag] {
      while (!flag) std::this_thread::yield();
    });
  };
  const auto release = [](std::atomic<bool>& flag) -> task<> {
    co_await sleep(1ms);
    flag = true;
  };
  co_await all(wait(released), release(released));
}

BIGHT_TEST(off_loop, many_calls_run_on_a_bounded_number_of_threads) {
  needs_kernel("a world calls in its own thread");
  limit_off_loop_threads(2);
  std::atomic<int> now{0};
  std::atomic<int> most{0};
  int ended = 0;
  const auto call = [](std::atomic<int>& running, std::atomic<int>& peak, int& count) -> task<> {
    co_await off_loop([&running, &peak] {
      const int mine = ++running;
      int seen = peak;
      while (seen < mine && !peak.compare_exchange_weak(seen, mine)) {}
      std::this_thread::sleep_for(std::chrono::microseconds(100));
      --running;
    });
    ++count;
  };
  std::vector<task<>> calls;
  for (int i = 0; i < 200; ++i) calls.push_back(call(now, most, ended));
  co_await all(std::move(calls));
  limit_off_loop_threads(0);
  EXPECT_EQ(ended, 200);
  // Threads of the tests before may still be there: as many as the default.
  EXPECT_LE(most, static_cast<int>(std::max(4U, std::thread::hardware_concurrency())));
}

BIGHT_TEST(off_loop, a_cancel_awaits_a_call_that_runs_and_loses_no_value) {
  needs_kernel("a world calls in its own thread");
  std::atomic<bool> started{false};
  const auto call = [](std::atomic<bool>& flag) -> task<int> {
    co_return co_await off_loop([&flag] {
      flag = true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      return 5;
    });
  };
  const auto outcome = co_await attempt(within(1ms, call(started)));
  if (started) {
    EXPECT_TRUE(outcome && *outcome == 5);
  } else {
    EXPECT_TRUE(fails(outcome, errc::timed_out));
  }
}

BIGHT_TEST(off_loop, a_call_that_has_not_started_is_cancelled) {
  needs_kernel("a world calls in its own thread");
  limit_off_loop_threads(1);
  std::atomic<bool> released{false};
  const auto body = [](scope& s, std::atomic<bool>& flag) -> task<> {
    const unsigned threads = std::max(4U, std::thread::hardware_concurrency());
    for (unsigned i = 0; i < threads; ++i)  // as many as there may still be
      s.spawn([&flag]() -> task<> {
        co_await off_loop([&flag] {
          while (!flag) std::this_thread::yield();
        });
      });
    const auto waiting = co_await attempt(within(5ms, off_loop([] { ADD_FAILURE(); })));
    EXPECT_TRUE(fails(waiting, errc::timed_out));
    flag = true;
  };
  co_await in_scope([&released, body](scope& s) -> task<> { co_await body(s, released); });
  limit_off_loop_threads(0);
}

BIGHT_TEST(off_loop, a_call_can_take_a_token_that_a_cancel_sets) {
  needs_kernel("a world calls in its own thread");
  const auto call = []() -> task<> {
    const bool stopped = co_await off_loop([](const std::stop_token& stop) {
      while (!stop.stop_requested()) std::this_thread::yield();
      return stop.stop_requested();
    });
    EXPECT_TRUE(stopped);
  };
  // Cancelled before it has started, or stopped while it runs.
  const auto outcome = co_await attempt(within(20ms, call()));
  EXPECT_TRUE(outcome || outcome.error().is(errc::timed_out));
}

// Of the threads of its parent, a child of fork(2) has none.
TEST(off_loop, a_child_process_starts_its_own_threads) {
  if (on_sim()) GTEST_SKIP() << "a world calls in its own thread";
#if defined(__SANITIZE_THREAD__) || BIGHT_THREAD_SANITIZER
  GTEST_SKIP() << "ThreadSanitizer starts no thread after a fork";
#endif
  const auto call = []() -> task<int> { co_return co_await off_loop([] { return 5; }); };
  runner here;
  EXPECT_EQ(here.run(call()), 5);
  const pid_t child = fork();
  if (child == 0) {
    runner there;
    _exit(there.run(call()) == 5 ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
}

BIGHT_TEST(off_loop, in_a_stopped_context_nothing_is_called) {
  const auto outcome = co_await attempt(within(patience, []() -> task<> {
    context& c = co_await current_context();
    c.stop();
    co_await off_loop([] { ADD_FAILURE(); });
  }()));
  EXPECT_TRUE(fails(outcome, errc::cancelled));
}

}  // namespace
