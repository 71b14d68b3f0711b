// SPDX-License-Identifier: MIT
#include <bight/deadline.hpp>
#include <bight/event.hpp>
#include <bight/scope.hpp>

#include "base/names.hpp"
#include "children.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace bight {
namespace {

TEST(in_scope, ends_after_its_body_and_all_children) {
  manual_scheduler loop;
  log_type log;
  auto body = [&log](scope& s) -> task<> {
    s.spawn(quiet(log, "a", 3s));
    s.spawn(quiet(log, "b", 1s));
    EXPECT_EQ(s.size(), 3u) << "the body counts";
    co_return;
  };
  loop.run(in_scope(body));
  EXPECT_EQ(log, (log_type{"b done", "a done"}));
  EXPECT_EQ(loop.elapsed(), 3s);
}

TEST(in_scope, with_no_children_ends_with_its_body) {
  manual_scheduler loop;
  auto body = [](scope&) -> task<> { co_return; };
  loop.run(in_scope(body));
}

TEST(in_scope, starts_a_child_at_once) {
  manual_scheduler loop;
  std::string order;
  auto child = [](std::string& o) -> task<> {
    o += "child ";
    co_await sleep(0s);
    o += "later";
  };
  auto body = [&order, &child](scope& s) -> task<> {
    s.spawn(child(order));
    order += "body ";
    co_return;
  };
  loop.run(in_scope(body));
  EXPECT_EQ(order, "child body later");
}

TEST(in_scope, a_child_that_ends_inside_spawn_is_freed_there) {
  manual_scheduler loop;
  int alive = 0;
  auto child = [](probe) -> task<> { co_return; };
  auto body = [&alive, &child](scope& s) -> task<> {
    for (int i = 0; i < 3; ++i) {
      s.spawn(child(probe(alive)));
      EXPECT_EQ(alive, 0);
      EXPECT_EQ(s.size(), 1u);
    }
    co_return;
  };
  loop.run(in_scope(body));
}

TEST(in_scope, a_child_that_fails_inside_spawn_stops_the_scope) {
  manual_scheduler loop;
  log_type log;
  auto child = []() -> task<> {
    throw error(errc::reset, "child");
    co_return;
  };
  auto body = [&log, &child](scope& s) -> task<> {
    s.spawn(quiet(log, "first", 1h));
    s.spawn(child());
    EXPECT_TRUE(s.stopping());
    s.spawn(quiet(log, "late", 1h));
    co_return;
  };
  EXPECT_EQ(failure_of(loop, in_scope(body)), "child: connection reset by the peer");
  EXPECT_EQ(log, (log_type{"late cancelled", "first cancelled"}));
  EXPECT_EQ(loop.elapsed(), 0s);
}

TEST(in_scope, children_may_spawn_children) {
  manual_scheduler loop;
  log_type log;
  struct tree {
    static task<> grow(scope& s, log_type& log, int depth) {
      if (depth > 0) {
        s.spawn(grow(s, log, depth - 1));
        s.spawn(grow(s, log, depth - 1));
      }
      co_await sleep(duration(depth));
      log.push_back("leaf");
    }
  };
  auto body = [&log](scope& s) -> task<> {
    s.spawn(tree::grow(s, log, 6));
    co_return;
  };
  loop.run(in_scope(body));
  EXPECT_EQ(log.size(), 127u);
}

TEST(in_scope, the_first_error_stops_the_others_and_is_thrown) {
  manual_scheduler loop;
  log_type log;
  int alive = 0;
  auto slow = [](log_type& l, probe) -> task<> { co_await quiet(l, "slow", 1h); };
  auto body = [&log, &alive, &slow](scope& s) -> task<> {
    s.spawn(slow(log, probe(alive)));
    s.spawn(drop(fails_after(1s, errc::reset, "first")));
    s.spawn(drop(fails_after(2s, errc::refused, "second")));
    co_await sleep(1h);
  };
  EXPECT_EQ(failure_of(loop, in_scope(body)), "first: connection reset by the peer");
  EXPECT_EQ(log, (log_type{"slow cancelled"}));
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(loop.elapsed(), 1s);
}

TEST(in_scope, an_error_of_the_body_stops_the_children) {
  manual_scheduler loop;
  log_type log;
  auto body = [&log](scope& s) -> task<> {
    s.spawn(quiet(log, "child", 1h));
    co_await sleep(1s);
    throw std::runtime_error("body");
  };
  EXPECT_EQ(failure_of(loop, in_scope(body)), "body");
  EXPECT_EQ(log, (log_type{"child cancelled"}));
}

TEST(in_scope, an_error_wins_over_the_cancellations_that_it_caused_and_over_earlier_ones) {
  manual_scheduler loop;
  auto gives_up = []() -> task<> {
    throw error(errc::cancelled, "on its own");
    co_return;
  };
  auto cleans_up_badly = []() -> task<> {
    auto r = co_await attempt(sleep(1h));
    if (!r) throw error(errc::closed, "clean-up");
  };
  auto body = [&](scope& s) -> task<> {
    s.spawn(cleans_up_badly());
    s.spawn(gives_up());
    co_return;
  };
  EXPECT_EQ(failure_of(loop, in_scope(body)), "clean-up: the connection is closed");
}

TEST(in_scope, is_cancelled_from_outside_after_its_children_have_ended) {
  manual_scheduler loop;
  log_type log;
  auto tidy = [](log_type& l) -> task<> {
    auto r = co_await attempt(sleep(1h));
    l.push_back("tidying");
    r.value();
  };
  auto body = [&](scope& s) -> task<> {
    s.spawn(tidy(log));
    co_await sleep(2h);
  };
  auto ended = loop.start(in_scope(body));
  loop.root().stop();
  EXPECT_FALSE(ended->done);
  loop.settle();
  ASSERT_TRUE(ended->done);
  EXPECT_THROW(ended->get(), error);
  EXPECT_EQ(log, (log_type{"tidying"}));
}

TEST(in_scope, waits_for_a_child_that_ignores_the_cancellation) {
  manual_scheduler loop;
  event released;
  log_type log;
  auto stubborn = [](event& e, log_type& l) -> task<> {
    while (!e.is_set()) {
      auto r = co_await attempt(e.wait());
      l.push_back(r ? "released" : "asked");
      if (!r) break;
    }
    l.push_back("end");
  };
  auto body = [&](scope& s) -> task<> {
    s.spawn(stubborn(released, log));
    co_await sleep(1s);
    s.stop();
  };
  loop.run(in_scope(body));
  EXPECT_EQ(log, (log_type{"asked", "end"}));
}

TEST(in_scope, stop_ends_it_without_an_error) {
  manual_scheduler loop;
  log_type log;
  auto body = [&log](scope& s) -> task<> {
    s.spawn(quiet(log, "a", 1h));
    co_await sleep(1s);
    s.stop();
    EXPECT_TRUE(s.stopping());
  };
  EXPECT_EQ(failure_of(loop, in_scope(body)), "no error");
  EXPECT_EQ(log, (log_type{"a cancelled"}));
  EXPECT_EQ(loop.elapsed(), 1s);
}

TEST(in_scope, stop_does_not_hide_a_real_error) {
  manual_scheduler loop;
  auto body = [](scope& s) -> task<> {
    s.spawn(drop(fails_after(1s, errc::reset, "child")));
    co_await sleep(1s);
    s.stop();
  };
  EXPECT_EQ(failure_of(loop, in_scope(body)), "child: connection reset by the peer");
}

TEST(in_scope, stop_by_a_child_keeps_results_that_are_ready) {
  manual_scheduler loop;
  log_type log;
  event e;
  auto waits = [](event& ev, log_type& l, std::string name) -> task<> {
    auto r = co_await attempt(ev.wait());
    l.push_back(name + (r ? " value" : " cancelled"));
  };
  auto stops = [](event& ev, scope& s) -> task<> {
    co_await ev.wait();
    s.stop();
  };
  auto body = [&](scope& s) -> task<> {
    s.spawn(waits(e, log, "before"));
    s.spawn(stops(e, s));
    s.spawn(waits(e, log, "after"));
    s.spawn(quiet(log, "sleeper", 1h));
    co_await sleep(0s);
    e.set();
  };
  loop.run(in_scope(body));
  EXPECT_EQ(log, (log_type{"before value", "after value", "sleeper cancelled"}));
}

TEST(in_scope, nested_scopes_end_from_the_inside_out) {
  manual_scheduler loop;
  log_type log;
  auto inner = [&log](scope& s) -> task<> {
    s.spawn(quiet(log, "inner", 1h));
    co_return;
  };
  auto outer = [&](scope& s) -> task<> {
    s.spawn(quiet(log, "outer", 2s));
    s.spawn(in_scope(inner));
    co_await sleep(1s);
    throw error(errc::reset, "outer body");
  };
  EXPECT_EQ(failure_of(loop, in_scope(outer)), "outer body: connection reset by the peer");
  EXPECT_EQ(log, (log_type{"outer cancelled", "inner cancelled"}));
}

TEST(in_scope, keeps_what_its_body_captures) {
  manual_scheduler loop;
  auto child = [](const std::string& text) -> task<> {
    co_await sleep(1s);
    EXPECT_EQ(text, std::string(100, 'x'));
  };
  std::optional<task<>> whole;
  {
    const std::string text(100, 'x');
    auto body = [text, child](scope& s) -> task<> {
      s.spawn(child(text));
      co_return;
    };
    whole.emplace(in_scope(std::move(body)));
  }
  loop.run(*std::move(whole));
}

TEST(in_scope, frees_a_frame_with_large_parameters_while_it_is_being_left) {
  manual_scheduler loop;
  int alive = 0;
  auto child = [](std::string a, std::vector<std::string> b, probe p) -> task<> {
    const probe mine = std::move(p);
    co_await sleep(duration(static_cast<int>(a.size() + b.size())));
  };
  auto body = [&](scope& s) -> task<> {
    for (int i = 0; i < 50; ++i) {
      std::vector<std::string> many(static_cast<std::size_t>(i), std::string(50, 'b'));
      std::string name(static_cast<std::size_t>(i), 'a');
      s.spawn(child(std::move(name), std::move(many), probe(alive)));
    }
    EXPECT_EQ(alive, 50);
    co_return;
  };
  loop.run(in_scope(body));
  EXPECT_EQ(alive, 0);
}

TEST(scope, that_ends_before_its_children_is_an_error_of_the_program) {
  const auto breach = [] {
    manual_scheduler loop;
    scope* leaked = new scope(loop.root());
    auto child = []() -> task<> { co_await sleep(1h); };
    leaked->spawn(child());
    delete leaked;
  };
  EXPECT_DEATH(breach(), "a scope ended before its children");
}

// faults.md M01: whatever the moment of the stop, all frames die and the scope ends.
task<int> busy(unsigned seed, int depth, int& alive) {
  const probe here(alive);
  std::mt19937 random(seed);
  int sum = 0;
  for (int i = 0; i < 3; ++i) {
    const unsigned what = random() % 6;
    const unsigned next = static_cast<unsigned>(random());
    if (what == 0 || depth == 0) {
      co_await sleep(duration(random() % 5));
    } else if (what == 1) {
      auto both = race(busy(next, depth - 1, alive), busy(next + 1, depth - 1, alive));
      auto r = co_await attempt(std::move(both));
      sum += r ? 1 : 0;
      if (!r && r.error().is(errc::cancelled)) r.value().index();
    } else if (what == 2) {
      (void)co_await all(busy(next, depth - 1, alive), busy(next + 1, depth - 1, alive));
    } else if (what == 3) {
      auto timed = within(duration(random() % 4), busy(next, depth - 1, alive));
      (void)co_await attempt(std::move(timed));
    } else if (what == 4 && random() % 4 == 0) {
      throw error(errc::reset, "busy");
    } else {
      int& counter = alive;
      auto body = [next, depth, &counter](scope& s) -> task<> {
        s.spawn(drop(busy(next, depth - 1, counter)));
        if (next % 3 == 0) s.stop();
        co_await sleep(duration(next % 3));
      };
      auto r = co_await attempt(in_scope(std::move(body)));
      sum += r ? 1 : 0;
    }
  }
  co_return sum;
}

TEST(scope, random_trees_stopped_at_every_step_end_and_free_all) {
  int completed = 0;
  for (unsigned seed = 0; seed < 20; ++seed) {
    for (int stop_at = 0;; ++stop_at) {
      int alive = 0;
      manual_scheduler loop;
      auto ended = loop.start(busy(seed, 3, alive));
      for (int i = 0; i < stop_at && !ended->done; ++i) loop.step();
      const bool was_done = ended->done;
      loop.root().stop();
      loop.settle();
      ASSERT_TRUE(ended->done) << "seed " << seed << " stopped at step " << stop_at;
      ASSERT_EQ(alive, 0) << "seed " << seed << " stopped at step " << stop_at;
      if (was_done) break;
      ++completed;
    }
  }
  EXPECT_GT(completed, 20);
}

}  // namespace
}  // namespace bight
