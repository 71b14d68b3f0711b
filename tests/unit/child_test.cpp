// SPDX-License-Identifier: MIT
// The handle that spawn() returns: it awaits the child's value and cancels the child.
#include <memory>
#include <optional>
#include <string>

#include "children.hpp"

#include <gtest/gtest.h>

namespace bight {
namespace {

TEST(child, gives_the_value_of_the_task_to_whoever_awaits_it) {
  manual_scheduler loop;
  log_type log;
  std::string got;
  auto body = [&](scope& s) -> task<> {
    auto slow = s.spawn(sleeper(log, "slow", 2s, 7));
    auto quick =
        s.spawn([]() -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(5); });
    EXPECT_TRUE(quick.done());
    EXPECT_FALSE(slow.done());
    const auto five = co_await quick;
    const int seven = co_await slow.join();
    EXPECT_TRUE(slow.done());
    got = std::to_string(*five) + std::to_string(seven);
  };
  loop.run(in_scope(body));
  EXPECT_EQ(got, "57");
}

TEST(child, runs_on_when_its_handle_is_dropped) {
  manual_scheduler loop;
  log_type log;
  auto body = [&](scope& s) -> task<> {
    s.spawn(quiet(log, "a", 1s));
    co_return;
  };
  loop.run(in_scope(body));
  EXPECT_EQ(log, log_type{"a done"});
}

TEST(child, may_be_asked_after_its_scope_has_ended) {
  manual_scheduler loop;
  log_type log;
  std::optional<child<int>> kept;
  auto body = [&](scope& s) -> task<> {
    kept = s.spawn(sleeper(log, "a", 1s, 3));
    co_return;
  };
  loop.run(in_scope(body));
  ASSERT_TRUE(kept && kept->done());
  kept->cancel();  // too late: no effect
  auto ask = [&]() -> task<int> { co_return co_await *kept; };
  EXPECT_EQ(loop.run(ask()), 3);
}

TEST(child, an_error_goes_to_the_scope_and_to_whoever_awaits_it) {
  manual_scheduler loop;
  log_type log;
  auto body = [&](scope& s) -> task<> {
    s.spawn(quiet(log, "sibling", 1h));
    auto bad = s.spawn(fails_after(1s, errc::refused, "try"));
    auto outcome = co_await attempt(bad.join());
    EXPECT_TRUE(!outcome && outcome.error().is(errc::refused));
    auto stopped = co_await attempt(sleep(1s));  // by the scope, which has the error as well
    EXPECT_TRUE(!stopped && stopped.error().is(errc::cancelled));
    auto again = co_await attempt(bad.join());
    log.push_back(again ? "no error" : again.error().what());
  };
  const std::string expected = "try: connection refused (is the server running?)";
  EXPECT_EQ(failure_of(loop, in_scope(body)), expected);
  EXPECT_EQ(log, (log_type{expected, "sibling cancelled"}));
}

TEST(child, cancel_ends_it_and_nothing_else) {
  manual_scheduler loop;
  log_type log;
  auto body = [&](scope& s) -> task<> {
    auto first = s.spawn(quiet(log, "first", 1h));
    s.spawn(quiet(log, "second", 2s));
    auto all_of_it = s.spawn([&log]() -> task<> {
      (void)co_await all(sleeper(log, "inner", 1h), sleeper(log, "other", 1h));
    });
    co_await sleep(1s);
    first.cancel();
    EXPECT_FALSE(first.done());  // it ends in the next turn, like any cancelled operation
    auto outcome = co_await attempt(first.join());
    EXPECT_TRUE(!outcome && outcome.error().is(errc::cancelled));
    all_of_it.cancel();
    all_of_it.cancel();
    auto ended = co_await attempt(all_of_it.join());
    EXPECT_FALSE(ended);
  };
  loop.run(in_scope(body));
  EXPECT_EQ(log,
            (log_type{"first cancelled", "inner cancelled", "other cancelled", "second done"}));
}

TEST(child, an_error_of_a_cancelled_child_is_still_an_error) {
  manual_scheduler loop;
  auto body = [](scope& s) -> task<> {
    auto stubborn = s.spawn([]() -> task<> {
      static_cast<void>(co_await attempt(sleep(1h)));
      throw error(errc::invalid, "clean up");
    });
    stubborn.cancel();
    co_await sleep(1s);
  };
  EXPECT_EQ(failure_of(loop, in_scope(body)).substr(0, 8), "clean up");
}

TEST(child, a_join_that_is_cancelled_leaves_the_child_running) {
  manual_scheduler loop;
  log_type log;
  int got = 0;
  auto body = [&](scope& s) -> task<> {
    auto work = s.spawn(sleeper(log, "work", 3s, 9));
    auto early = co_await attempt(within(1s, work.join()));
    EXPECT_TRUE(!early && early.error().is(errc::timed_out));
    const auto first = co_await race(work.join(), sleep(1s));
    EXPECT_EQ(first.index(), 1u);
    got = co_await work;
  };
  loop.run(in_scope(body));
  EXPECT_EQ(got, 9);
  EXPECT_EQ(log, log_type{"work done"});
}

TEST(child, stopping_the_scope_ends_every_child) {
  manual_scheduler loop;
  log_type log;
  auto body = [&](scope& s) -> task<> {
    auto a = s.spawn(quiet(log, "a", 1h));
    s.stop();
    auto outcome = co_await attempt(a.join());
    EXPECT_FALSE(outcome);
    auto b = s.spawn(quiet(log, "b", 1h));  // begins in a scope that is stopped
    EXPECT_TRUE(b.done());
  };
  loop.run(in_scope(body));
  EXPECT_EQ(log, (log_type{"b cancelled", "a cancelled"}));
}

TEST(child, frees_the_frame_at_the_end_and_the_value_with_the_last_handle) {
  manual_scheduler loop;
  int frames = 0;
  int values = 0;
  auto work = [](probe, int& count) -> task<std::unique_ptr<probe>> {
    co_await sleep(1s);
    co_return std::make_unique<probe>(count);
  };
  auto body = [&](scope& s) -> task<> {
    auto handle = s.spawn(work, probe(frames), std::ref(values));
    EXPECT_EQ(frames, 1);
    co_await sleep(2s);
    EXPECT_EQ(frames, 0);
    EXPECT_EQ(values, 1);
    auto copy = handle;
    { const auto moved = std::move(handle); }
    EXPECT_EQ(values, 1);
  };
  loop.run(in_scope(body));
  EXPECT_EQ(values, 0);
}

}  // namespace
}  // namespace bight
