// SPDX-License-Identifier: MIT
#include <bight/deadline.hpp>
#include <bight/event.hpp>
#include <bight/scope.hpp>

#include "base/names.hpp"
#include "manual_scheduler.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace bight {
namespace {

task<int> value_after(duration wait, int value) {
  co_await sleep(wait);
  co_return value;
}

// The error of `t`, as text; "none" when it has a value.
template <class T>
task<std::string> outcome(task<T> t) {
  auto r = co_await attempt(std::move(t));
  if (r) co_return "none";
  co_return std::string(r.error().code().message()) + " | " + r.error().what();
}

template <awaitable A>
task<typename A::value_type> as_task(A operation) {
  co_return co_await std::move(operation);
}

TEST(sleep, waits_for_the_given_time) {
  manual_scheduler loop;
  loop.run(as_task(sleep(3s)));
  EXPECT_EQ(loop.elapsed(), 3s);
}

TEST(sleep, of_zero_or_less_lets_the_others_run_once) {
  manual_scheduler loop;
  std::vector<int> log;
  auto child = [](std::vector<int>& into, int id, duration wait) -> task<> {
    into.push_back(id);
    co_await sleep(wait);
    into.push_back(id + 10);
  };
  loop.start(child(log, 1, 0s));
  loop.start(child(log, 2, -5s));
  EXPECT_EQ(log, (std::vector{1, 2}));
  loop.settle();
  EXPECT_EQ(log, (std::vector{1, 2, 11, 12}));
  EXPECT_EQ(loop.elapsed(), 0s);
}

TEST(sleep, ends_with_cancelled_when_its_context_is_stopped) {
  manual_scheduler loop;
  auto ended = loop.start(outcome(as_task(sleep(1h))));
  loop.root().stop();
  EXPECT_FALSE(ended->done) << "nobody is resumed from inside stop()";
  loop.settle();
  EXPECT_EQ(ended->get(), "cancelled | sleep: cancelled");
  EXPECT_EQ(loop.elapsed(), 0s);
}

TEST(sleep, in_a_stopped_context_ends_at_once) {
  manual_scheduler loop;
  loop.root().stop();
  auto ended = loop.start(outcome(as_task(sleep(0s))));
  EXPECT_TRUE(ended->done);
  EXPECT_EQ(ended->get(), "cancelled | sleep: cancelled");
}

TEST(sleep, that_was_over_before_the_stop_has_its_value) {
  manual_scheduler loop;
  auto ended = loop.start(outcome(as_task(sleep(1s))));
  loop.sched().expire(time_point(1s));  // ready, and not run yet
  loop.root().stop();
  loop.settle();
  EXPECT_EQ(ended->get(), "none");
}

TEST(within, returns_a_value_before_the_deadline) {
  manual_scheduler loop;
  EXPECT_EQ(loop.run(as_task(within(2s, value_after(1s, 7)))), 7);
  EXPECT_EQ(loop.elapsed(), 1s);
  EXPECT_EQ(loop.sched().next_deadline(), time_point::max()) << "the timer is gone";
}

TEST(within, ends_with_timed_out_at_the_deadline) {
  manual_scheduler loop;
  EXPECT_EQ(loop.run(outcome(as_task(within(1500ms, value_after(1h, 7))))),
            "timed out | sleep: timed out after 1.5 s");
  EXPECT_EQ(loop.elapsed(), 1500ms);
}

TEST(within, a_cancellation_from_outside_stays_cancelled) {
  manual_scheduler loop;
  auto ended = loop.start(outcome(as_task(within(1s, sleep(1h)))));
  loop.root().stop();
  loop.settle();
  EXPECT_EQ(ended->get(), "cancelled | sleep: cancelled");
}

TEST(within, of_two_the_shorter_decides_and_says_so) {
  manual_scheduler loop;
  EXPECT_EQ(loop.run(outcome(as_task(within(5s, within(1s, sleep(1h)))))),
            "timed out | sleep: timed out after 1 s");
  EXPECT_EQ(loop.run(outcome(as_task(within(1s, within(5s, sleep(1h)))))),
            "timed out | sleep: timed out after 1 s");
  EXPECT_EQ(loop.run(outcome(as_task(within(2s, within(2s, sleep(1h)))))),
            "timed out | sleep: timed out after 2 s");
  EXPECT_EQ(loop.elapsed(), 4s);
}

TEST(within, an_outer_deadline_reaches_through_tasks) {
  manual_scheduler loop;
  auto inner = []() -> task<std::string> {
    auto r = co_await attempt(within(1h, sleep(2h)));
    co_return std::string(r.error().code().message());
  };
  auto outer = [](task<std::string> t) -> task<std::string> {
    auto r = co_await attempt(within(1s, std::move(t)));
    co_return r ? *r : "no value";
  };
  EXPECT_EQ(loop.run(outer(inner())), "cancelled") << "the inner one was not what expired";
}

TEST(within, that_has_ended_leaves_no_timer_behind) {
  manual_scheduler loop;
  auto use = [](scheduler& s) -> task<> {
    co_await within(1h, sleep(1s));
    EXPECT_EQ(s.next_deadline(), time_point::max()) << "though the operation still lives";
    EXPECT_TRUE(co_await attempt(within(1h, sleep(1s))));
    EXPECT_EQ(s.next_deadline(), time_point::max());
  };
  loop.run(use(loop.sched()));
}

TEST(within, a_value_that_is_ready_at_the_deadline_wins) {
  manual_scheduler loop;
  event e;
  auto waits = [](event& ev) -> task<> { co_await within(1s, ev.wait()); };
  auto ended = loop.start(outcome(waits(e)));
  e.set();                              // the waiter is ready…
  loop.sched().expire(time_point(1s));  // …and the timer expires before it runs
  loop.settle();
  EXPECT_EQ(ended->get(), "none");
}

TEST(within, of_equal_moments_the_timer_armed_first_decides) {
  manual_scheduler loop;
  // The deadline is armed before what it guards.
  EXPECT_EQ(loop.run(outcome(as_task(within(1s, sleep(1s))))),
            "timed out | sleep: timed out after 1 s");
}

TEST(within, zero_expires_before_it_begins) {
  manual_scheduler loop;
  EXPECT_EQ(loop.run(outcome(as_task(within(0s, sleep(1s))))),
            "timed out | sleep: timed out after 0 s");
  EXPECT_EQ(loop.run(outcome(as_task(within(-1s, sleep(1s))))),
            "timed out | sleep: timed out after -1 s");
  EXPECT_EQ(loop.elapsed(), 0s);
}

TEST(within, zero_does_not_hide_an_earlier_cancellation) {
  manual_scheduler loop;
  loop.root().stop();
  auto ended = loop.start(outcome(as_task(within(0s, sleep(1s)))));
  EXPECT_EQ(ended->get(), "cancelled | sleep: cancelled");
}

TEST(within, zero_is_enough_for_what_need_not_wait) {
  manual_scheduler loop;
  auto immediate = []() -> task<int> { co_return 3; };
  EXPECT_EQ(loop.run(as_task(within(0s, immediate()))), 3);
}

TEST(within, years_are_legal) {
  manual_scheduler loop;
  EXPECT_EQ(loop.run(as_task(within(duration::max(), value_after(1s, 7)))), 7);
}

TEST(within, other_errors_pass_through) {
  manual_scheduler loop;
  auto fails = []() -> task<> {
    co_await sleep(1s);
    throw error(errc::reset, "recv");
  };
  EXPECT_EQ(loop.run(outcome(as_task(within(5s, fails())))),
            "connection reset by the peer | recv: connection reset by the peer");
  auto foreign = []() -> task<> {
    co_await sleep(1s);
    throw std::runtime_error("mine");
  };
  EXPECT_THROW(loop.run(as_task(within(5s, foreign()))), std::runtime_error);
}

struct own_error : error {
  using error::error;
};

TEST(within, an_error_of_a_user_defined_class_keeps_its_class) {
  manual_scheduler loop;
  auto fails = []() -> task<> {
    co_await sleep(1s);
    throw own_error(errc::reset, "mine");
  };
  EXPECT_THROW(loop.run(as_task(within(5s, fails()))), own_error);
}

TEST(within, a_task_that_swallows_the_cancellation_keeps_its_value) {
  manual_scheduler loop;
  auto stubborn = []() -> task<int> {
    auto r = co_await attempt(sleep(1h));
    co_return r ? 0 : 9;
  };
  EXPECT_EQ(loop.run(as_task(within(1s, stubborn()))), 9);
  EXPECT_EQ(loop.elapsed(), 1s);
}

TEST(within, keeps_the_number_of_transferred_bytes) {
  manual_scheduler loop;
  auto sends = []() -> task<> {
    auto r = co_await attempt(sleep(1h));
    if (!r) throw error(errc::cancelled, "send", 42);
  };
  auto guarded = [](task<> t) -> task<std::uint64_t> {
    auto r = co_await attempt(within(1s, std::move(t)));
    co_return r.error().transferred();
  };
  EXPECT_EQ(loop.run(guarded(sends())), 42u);
}

TEST(attempt, returns_values_and_errors_without_throwing) {
  manual_scheduler loop;
  auto use = []() -> task<std::string> {
    std::string text;
    auto good = co_await attempt(value_after(1s, 7));
    if (good) text += std::to_string(*good);
    auto bad = co_await attempt(within(1s, sleep(1h)));
    if (!bad && bad.error().is(errc::timed_out)) text += " timed out";
    co_return text;
  };
  EXPECT_EQ(loop.run(use()), "7 timed out");
}

TEST(attempt, inside_within_distinguishes_timed_out_from_cancelled) {
  manual_scheduler loop;
  auto use = []() -> task<std::string> {
    auto r = co_await within(1s, attempt(sleep(1h)));
    co_return r ? "value" : r.error().what();
  };
  EXPECT_EQ(loop.run(use()), "sleep: timed out after 1 s");
  auto ended = loop.start(use());
  loop.root().stop();
  loop.settle();
  EXPECT_EQ(ended->get(), "sleep: cancelled");
}

TEST(attempt, inside_within_inside_attempt_keeps_the_error_inside) {
  manual_scheduler loop;
  auto use = []() -> task<std::string> {
    auto outer = co_await attempt(within(1s, attempt(sleep(1h))));
    if (!outer) co_return "the outer one";
    co_return (*outer).error().what();
  };
  EXPECT_EQ(loop.run(use()), "sleep: timed out after 1 s");
}

TEST(attempt, lets_foreign_exceptions_through) {
  manual_scheduler loop;
  auto fails = []() -> task<> {
    co_await sleep(0s);
    throw std::runtime_error("mine");
  };
  auto use = [](task<> t) -> task<bool> {
    auto r = co_await attempt(std::move(t));
    co_return r.has_value();
  };
  EXPECT_THROW((void)loop.run(use(fails())), std::runtime_error);
}

// A value that happens to have a member error() is a value.
struct reply {
  [[nodiscard]] std::string error() const { return "404"; }
};

TEST(within, does_not_take_a_value_with_an_error_member_for_a_failure) {
  manual_scheduler loop;
  auto get = []() -> task<reply> {
    co_await sleep(1s);
    co_return reply();
  };
  EXPECT_EQ(loop.run(as_task(within(5s, get()))).error(), "404");
}

TEST(deadline, stops_a_whole_scope_and_awaits_it) {
  manual_scheduler loop;
  int ended = 0;
  auto child = [](int& count) -> task<> {
    auto r = co_await attempt(sleep(1h));
    EXPECT_TRUE(!r && r.error().is(errc::cancelled));
    ++count;
    r.value();
  };
  auto body = [&ended, &child](scope& s) -> task<> {
    s.spawn(child(ended));
    s.spawn(child(ended));
    co_return;
  };
  EXPECT_EQ(loop.run(outcome(as_task(within(1s, in_scope(body))))),
            "timed out | sleep: timed out after 1 s");
  EXPECT_EQ(ended, 2);
}

}  // namespace
}  // namespace bight
