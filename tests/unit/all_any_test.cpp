// SPDX-License-Identifier: MIT
#include <bight/deadline.hpp>
#include <bight/scope.hpp>

#include "base/names.hpp"
#include "children.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace bight {
namespace {

TEST(all, returns_the_values_in_order_after_the_last_one) {
  manual_scheduler loop;
  log_type log;
  auto values = loop.run(all(sleeper(log, "a", 3s, 1), sleeper(log, "b", 1s, 2), sleep(2s)));
  EXPECT_EQ(std::get<0>(values), 1);
  EXPECT_EQ(std::get<1>(values), 2);
  EXPECT_EQ(std::get<2>(values), std::monostate());
  EXPECT_EQ(log, (log_type{"b done", "a done"}));
  EXPECT_EQ(loop.elapsed(), 3s);
}

TEST(all, returns_move_only_values) {
  manual_scheduler loop;
  auto make = [](int n) -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(n); };
  auto values = loop.run(all(make(1), make(2)));
  EXPECT_EQ(*std::get<1>(values), 2);
}

TEST(all, the_first_failure_stops_the_others_and_is_thrown) {
  manual_scheduler loop;
  log_type log;
  EXPECT_EQ(failure_of(loop, all(sleeper(log, "a", 1h), fails_after(1s, errc::reset, "b"),
                                 fails_after(2s, errc::refused, "c"))),
            "b: connection reset by the peer");
  EXPECT_EQ(log, (log_type{"a cancelled"}));
  EXPECT_EQ(loop.elapsed(), 1s);
}

TEST(all, of_results_never_stops_early) {
  manual_scheduler loop;
  auto values = loop.run(all(attempt(fails_after(1s, errc::reset, "b")), attempt(sleep(2s))));
  EXPECT_FALSE(std::get<0>(values));
  EXPECT_TRUE(std::get<1>(values));
}

TEST(all, of_many_tasks_ends_after_all_of_them) {
  manual_scheduler loop;
  log_type log;
  std::vector<task<>> tasks;
  for (int i = 0; i < 100; ++i) tasks.push_back(quiet(log, std::to_string(i), duration(i)));
  loop.run(all(std::move(tasks)));
  EXPECT_EQ(log.size(), 100u);
  loop.run(all(std::vector<task<>>()));
}

TEST(all, in_a_stopped_context_ends_with_cancelled) {
  manual_scheduler loop;
  log_type log;
  loop.root().stop();
  auto ended = loop.start(all(sleeper(log, "a", 1s), sleeper(log, "b", 1s)));
  ASSERT_TRUE(ended->done);
  EXPECT_THROW(ended->get(), error);
}

TEST(any, the_first_value_wins_and_the_losers_are_cancelled_and_awaited) {
  manual_scheduler loop;
  log_type log;
  int alive = 0;
  auto held = [](log_type& l, probe) -> task<int> {
    const int value = co_await sleeper(l, "loser", 1h);
    co_return value;
  };
  auto run_race = [&]() -> task<std::size_t> {
    auto winner = co_await race(held(log, probe(alive)), sleeper(log, "winner", 1s, 7));
    EXPECT_EQ(log, (log_type{"winner done", "loser cancelled"}));
    EXPECT_EQ(std::get<1>(winner), 7);
    co_return winner.index();
  };
  EXPECT_EQ(loop.run(run_race()), 1u);
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(loop.elapsed(), 1s);
}

TEST(any, reports_the_winner_even_if_there_are_no_values) {
  manual_scheduler loop;
  EXPECT_EQ(loop.run(race(sleep(2s), sleep(1s), sleep(3s))).index(), 1u);
}

TEST(any, an_error_of_a_loser_is_ignored) {
  manual_scheduler loop;
  auto sore = []() -> task<int> {
    auto r = co_await attempt(sleep(1h));
    if (!r) throw std::runtime_error("sore loser");
    co_return 0;
  };
  EXPECT_EQ(loop.run(race(sore(), sleep(1s))).index(), 1u);
}

TEST(any, the_first_error_decides) {
  manual_scheduler loop;
  log_type log;
  EXPECT_EQ(failure_of(loop, race(fails_after(1s, errc::reset, "a"), sleeper(log, "b", 2s))),
            "a: connection reset by the peer");
  EXPECT_EQ(log, (log_type{"b cancelled"}));
}

TEST(any, after_an_error_a_value_cannot_win) {
  manual_scheduler loop;
  auto value_all_the_same = []() -> task<int> {
    auto r = co_await attempt(sleep(1h));
    co_return r ? 1 : 2;
  };
  EXPECT_EQ(failure_of(loop, race(fails_after(1s, errc::reset, "a"), value_all_the_same())),
            "a: connection reset by the peer");
}

TEST(any, an_error_and_a_value_in_the_same_turn_the_one_that_runs_first_decides) {
  manual_scheduler loop;
  log_type log;
  EXPECT_EQ(loop.run(race(sleeper(log, "a", 1s, 3), fails_after(1s, errc::reset, "b"))).index(),
            0u);
  EXPECT_EQ(failure_of(loop, race(fails_after(1s, errc::reset, "b"), sleeper(log, "a", 1s, 3))),
            "b: connection reset by the peer");
}

TEST(any, two_values_in_the_same_turn_the_first_wins) {
  manual_scheduler loop;
  EXPECT_EQ(loop.run(race(sleep(1s), sleep(1s))).index(), 0u);
}

TEST(any, an_operation_that_is_ready_at_once_wins_and_the_others_only_start) {
  manual_scheduler loop;
  log_type log;
  auto at_once = []() -> task<int> { co_return 1; };
  auto winner = loop.run(race(at_once(), sleeper(log, "b", 1h)));
  EXPECT_EQ(winner.index(), 0u);
  EXPECT_EQ(loop.elapsed(), 0s);
}

TEST(any, whose_parent_is_stopped_is_cancelled_when_no_child_has_a_value) {
  manual_scheduler loop;
  log_type log;
  auto ended = loop.start(race(sleeper(log, "a", 1h), sleeper(log, "b", 2h)));
  loop.root().stop();
  loop.settle();
  ASSERT_TRUE(ended->done);
  EXPECT_THROW((void)ended->get(), error);
  EXPECT_EQ(log, (log_type{"a cancelled", "b cancelled"}));
}

TEST(any, whose_parent_is_stopped_keeps_a_value_that_a_child_still_gives) {
  manual_scheduler loop;
  log_type log;
  auto value_all_the_same = []() -> task<int> {
    auto r = co_await attempt(sleep(1h));
    co_return r ? 1 : 2;
  };
  auto ended = loop.start(race(sleeper(log, "a", 1h), value_all_the_same()));
  loop.root().stop();
  loop.settle();
  ASSERT_TRUE(ended->done);
  EXPECT_EQ(std::get<1>(ended->get()), 2);
}

TEST(any, in_a_stopped_context_ends_with_cancelled) {
  manual_scheduler loop;
  log_type log;
  loop.root().stop();
  auto ended = loop.start(race(sleeper(log, "a", 1s), sleep(0s)));
  ASSERT_TRUE(ended->done);
  EXPECT_THROW((void)ended->get(), error);
}

TEST(any, within_a_deadline_times_out) {
  manual_scheduler loop;
  log_type log;
  auto run_race = [&log]() -> task<> {
    auto both = race(sleeper(log, "a", 1h), sleep(2h));
    (void)co_await within(1s, std::move(both));
  };
  EXPECT_EQ(failure_of(loop, run_race()), "sleep: timed out after 1 s");
}

TEST(any, of_deadlines_returns_at_the_shortest) {
  manual_scheduler loop;
  EXPECT_EQ(failure_of(loop, race(within(2s, sleep(1h)), within(1s, sleep(1h)))),
            "sleep: timed out after 1 s");
}

}  // namespace
}  // namespace bight
