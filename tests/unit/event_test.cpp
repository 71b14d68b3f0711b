// SPDX-License-Identifier: MIT
#include <bight/deadline.hpp>
#include <bight/event.hpp>

#include "base/names.hpp"
#include "manual_scheduler.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace bight {
namespace {

task<> wait_and_note(event& e, std::vector<int>& log, int id) {
  co_await e.wait();
  log.push_back(id);
}

TEST(event, that_is_set_makes_nobody_wait) {
  manual_scheduler loop;
  event e;
  e.set();
  EXPECT_TRUE(e.is_set());
  std::vector<int> log;
  loop.start(wait_and_note(e, log, 1));
  EXPECT_EQ(log, (std::vector{1}));
}

TEST(event, wakes_all_waiters_in_order_of_arrival) {
  manual_scheduler loop;
  event e;
  std::vector<int> log;
  for (int i = 1; i <= 3; ++i) loop.start(wait_and_note(e, log, i));
  loop.settle();
  EXPECT_TRUE(log.empty());
  e.set();
  EXPECT_TRUE(log.empty()) << "nobody is resumed from inside set()";
  loop.settle();
  EXPECT_EQ(log, (std::vector{1, 2, 3}));
}

TEST(event, that_is_reset_at_once_has_still_woken_its_waiters) {
  manual_scheduler loop;
  event e;
  std::vector<int> log;
  loop.start(wait_and_note(e, log, 1));
  e.set();
  e.reset();
  loop.start(wait_and_note(e, log, 2));
  loop.settle();
  EXPECT_EQ(log, (std::vector{1}));
  e.set();
  loop.settle();
  EXPECT_EQ(log, (std::vector{1, 2}));
}

TEST(event, a_cancelled_wait_ends_with_cancelled_and_does_not_affect_others) {
  manual_scheduler loop;
  event e;
  std::vector<int> log;
  auto impatient = [](event& ev) -> task<> { co_await within(1s, ev.wait()); };
  auto ended = loop.start(impatient(e));
  loop.start(wait_and_note(e, log, 1));
  loop.advance(1s);
  ASSERT_TRUE(ended->done);
  try {
    ended->get();
    ADD_FAILURE();
  } catch (const error& failure) {
    EXPECT_TRUE(failure.is(errc::timed_out));
    EXPECT_STREQ(failure.what(), "wait for an event: timed out after 1 s");
  }
  e.set();
  loop.settle();
  EXPECT_EQ(log, (std::vector{1}));
}

TEST(event, set_wins_over_a_cancel_that_comes_before_the_waiter_runs) {
  manual_scheduler loop;
  event e;
  std::vector<int> log;
  loop.start(wait_and_note(e, log, 1));
  e.set();
  loop.root().stop();
  loop.settle();
  EXPECT_EQ(log, (std::vector{1}));
}

TEST(event, cannot_be_awaited_in_a_stopped_context_unless_it_is_set) {
  manual_scheduler loop;
  event e;
  std::vector<int> log;
  loop.root().stop();
  auto ended = loop.start(wait_and_note(e, log, 1));
  EXPECT_TRUE(ended->done);
  EXPECT_THROW(ended->get(), error);
}

}  // namespace
}  // namespace bight
