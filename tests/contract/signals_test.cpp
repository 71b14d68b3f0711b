// SPDX-License-Identifier: MIT
#include <bight/stdio.hpp>

#include <bight/deadline.hpp>
#include <bight/run.hpp>
#include <bight/scope.hpp>

#include "base/names.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

namespace bight {
namespace {

task<int> wait_for_one() { co_return co_await next_signal(); }

task<int> raise_after(duration wait, int number) {
  co_await sleep(wait);
  raise(number);
  co_return number;
}

// Runs `body` in a child process and gives how that ended, as wait(2) says it.
template <class Body>
int in_child(Body body) {
  const pid_t child = fork();
  if (child == 0) {
    body();
    _exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

sighandler_t handler_of(int number) {
  struct sigaction now{};
  sigaction(number, nullptr, &now);
  return now.sa_handler;
}

TEST(signals, every_waiter_gets_the_signal) {
  runner r;
  const auto three = []() -> task<> {
    auto told = co_await all(wait_for_one(), wait_for_one(), raise_after(1ms, SIGTERM));
    EXPECT_EQ(std::get<0>(told), SIGTERM);
    EXPECT_EQ(std::get<1>(told), SIGTERM);
  };
  for (int i = 0; i < 3; ++i) r.run(three());
}

TEST(signals, every_loop_of_the_process_gets_the_signal) {
  runner here;
  std::atomic<int> told_there{0};
  std::atomic<bool> ready{false};
  std::thread other([&] {
    runner there;
    const auto announce_and_wait = [](std::atomic<bool>& waits) -> task<int> {
      auto announce = [](std::atomic<bool>& flag) -> task<int> {
        flag = true;
        co_return 0;
      };
      auto both = all(wait_for_one(), announce(waits));  // in this order
      auto told = co_await std::move(both);
      co_return std::get<0>(told);
    };
    told_there = there.run(announce_and_wait(ready));
  });
  while (!ready) std::this_thread::yield();
  const auto pair = []() -> task<int> {
    auto told = co_await all(wait_for_one(), raise_after(0ms, SIGINT));
    co_return std::get<0>(told);
  };
  EXPECT_EQ(here.run(pair()), SIGINT);
  other.join();
  EXPECT_EQ(told_there, SIGINT);
}

TEST(signals, a_signal_between_two_waits_is_delivered_to_the_second) {
  runner r;
  const auto twice = []() -> task<> {
    co_await all(wait_for_one(), raise_after(0ms, SIGTERM));
    raise(SIGINT);  // nobody waits now, and the program must not die
    co_await sleep(1ms);
    EXPECT_EQ(co_await next_signal(), SIGINT);
  };
  r.run(twice());
}

TEST(signals, two_signals_at_once_are_delivered_one_per_wait) {
  runner r;
  const auto body = []() -> task<> {
    const auto raise_both = []() -> task<> {
      co_await sleep(1ms);
      raise(SIGTERM);
      raise(SIGINT);
    };
    auto told = co_await all(wait_for_one(), raise_both());
    const int second = co_await next_signal();
    EXPECT_EQ(std::get<0>(told) + second, SIGTERM + SIGINT);
  };
  r.run(body());
}

TEST(signals, a_cancelled_wait_ends_and_others_continue) {
  runner r;
  const auto body = []() -> task<> {
    const auto give_up = []() -> task<> {
      auto outcome = co_await attempt(within(1ms, next_signal()));
      EXPECT_TRUE(!outcome && outcome.error().is(errc::timed_out));
    };
    auto told = co_await all(wait_for_one(), give_up(), give_up(), raise_after(10ms, SIGTERM));
    EXPECT_EQ(std::get<0>(told), SIGTERM);
  };
  r.run(body());
}

TEST(signals, the_previous_handlers_are_restored) {
  const auto before = handler_of(SIGTERM);
  {
    runner r;
    const auto body = [](sighandler_t old) -> task<> {
      static_cast<void>(co_await attempt(within(1ms, next_signal())));
      EXPECT_NE(handler_of(SIGTERM), old);  // for a moment more
      co_await sleep(400ms);
      EXPECT_EQ(handler_of(SIGTERM), old);
    };
    r.run(body(before));
  }
  {
    runner r;
    const auto body = []() -> task<> { co_await all(wait_for_one(), raise_after(0ms, SIGTERM)); };
    r.run(body());
  }
  EXPECT_EQ(handler_of(SIGTERM), before);
}

TEST(signals, a_signal_that_nobody_waits_for_any_more_ends_the_program) {
  const int status = in_child([] {
    runner r;
    const auto body = []() -> task<> {
      co_await all(wait_for_one(), raise_after(0ms, SIGTERM));
      raise(SIGTERM);
      co_await sleep(5s);
    };
    r.run(body());
  });
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM) << status;
}

TEST(signals, a_storm_of_signals_reaches_every_wait) {  // J18, K06
  runner r;
  std::atomic<bool> stop{false};
  const pthread_t main_thread = pthread_self();
  const auto body = []() -> task<> {
    for (int i = 0; i < 200; ++i) {
      const int number = co_await next_signal();
      EXPECT_TRUE(number == SIGINT || number == SIGTERM);
    }
  };
  // The handler must be there before the first signal.
  const auto begin = [body](std::atomic<bool>& over, pthread_t target) -> task<> {
    std::optional<std::thread> sender;
    co_await all(wait_for_one(), raise_after(0ms, SIGINT));
    sender.emplace([&over, target] {
      while (!over) {
        pthread_kill(target, SIGTERM);
        kill(getpid(), SIGINT);
        std::this_thread::yield();
      }
    });
    co_await body();
    over = true;
    sender->join();
  };
  r.run(begin(stop, main_thread));
}

}  // namespace
}  // namespace bight
