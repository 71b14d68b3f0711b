// SPDX-License-Identifier: MIT
#include <bight/semaphore.hpp>

#include <bight/deadline.hpp>
#include <bight/mutex.hpp>

#include "base/names.hpp"
#include "manual_scheduler.hpp"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace bight {
namespace {

task<> hold(semaphore& s, std::size_t permits, duration time, std::vector<int>& log, int id) {
  auto mine = co_await s.acquire(permits);
  log.push_back(id);
  co_await sleep(time);
}

TEST(semaphore, lets_as_many_in_as_it_has_permits) {
  manual_scheduler loop;
  semaphore two(2);
  std::vector<int> log;
  for (int i = 1; i <= 5; ++i) loop.start(hold(two, 1, 1s, log, i));
  loop.advance(500ms);
  EXPECT_EQ(log, (std::vector{1, 2}));
  EXPECT_EQ(two.available(), 0u);
  loop.advance(1s);
  EXPECT_EQ(log, (std::vector{1, 2, 3, 4}));
  loop.settle();
  EXPECT_EQ(log, (std::vector{1, 2, 3, 4, 5}));
  EXPECT_EQ(two.available(), 2u);
}

TEST(semaphore, serves_a_large_request_before_small_ones_that_come_later) {
  manual_scheduler loop;
  semaphore three(3);
  std::vector<int> log;
  loop.start(hold(three, 1, 1s, log, 1));
  loop.start(hold(three, 3, 1s, log, 2));
  loop.start(hold(three, 1, 1s, log, 3));
  EXPECT_FALSE(three.try_acquire()) << "two are free, and a task waits for three";
  loop.settle();
  EXPECT_EQ(log, (std::vector{1, 2, 3}));
}

TEST(semaphore, lets_small_requests_in_when_the_large_one_in_front_is_cancelled) {
  manual_scheduler loop;
  semaphore three(3);
  std::vector<int> log;
  scope some(loop.root());
  loop.start(hold(three, 1, 1h, log, 1));
  auto large = some.spawn(hold(three, 3, 1s, log, 2));
  loop.start(hold(three, 1, 1s, log, 3));
  loop.turn();
  EXPECT_EQ(log, (std::vector{1}));
  large.cancel();
  loop.advance(0s);
  EXPECT_EQ(log, (std::vector{1, 3}));
  loop.settle();
}

TEST(semaphore, gives_a_promised_permit_to_the_next_if_its_task_is_cancelled) {
  manual_scheduler loop;
  semaphore one(1);
  std::vector<int> log;
  scope some(loop.root());
  auto first = *one.try_acquire();
  auto promised = some.spawn(hold(one, 1, 1s, log, 1));
  loop.start(hold(one, 1, 1s, log, 2));
  first.release();
  promised.cancel();
  loop.settle();
  EXPECT_EQ(log, (std::vector{2}));
  EXPECT_EQ(one.available(), 1u);
}

TEST(semaphore, fails_with_timed_out_when_its_deadline_passes) {
  manual_scheduler loop;
  semaphore none(0);
  auto body = [](semaphore& s) -> task<> { auto p = co_await within(1s, s.acquire()); };
  auto ended = loop.start(body(none));
  loop.settle();
  try {
    ended->get();
    ADD_FAILURE();
  } catch (const error& e) {
    EXPECT_STREQ(e.what(), "acquire: timed out after 1 s");
  }
  none.release();
  EXPECT_TRUE(none.try_acquire());
}

TEST(semaphore, permits_move_and_are_given_back_once) {
  manual_scheduler loop;
  semaphore five(5);
  {
    auto a = *five.try_acquire(2);
    auto b = *five.try_acquire(1);
    EXPECT_EQ(five.available(), 2u);
    b = std::move(a);
    EXPECT_EQ(b.count(), 2u);
    EXPECT_EQ(five.available(), 3u);
    b.release();
    b.release();
    EXPECT_EQ(five.available(), 5u);
  }
  EXPECT_EQ(five.available(), 5u);
}

TEST(semaphore, a_detached_permit_is_gone_until_release) {
  manual_scheduler loop;
  semaphore two(2);
  two.try_acquire(2)->detach();
  EXPECT_FALSE(two.try_acquire());
  two.release();
  EXPECT_EQ(two.available(), 1u);
  two.release(2);
  EXPECT_EQ(two.available(), 3u);
}

task<> enter(mutex& m, std::vector<int>& log, int id) {
  auto guard = co_await m.lock();
  log.push_back(id);
  co_await sleep(1s);
  log.push_back(id);
}

TEST(mutex, lets_one_task_in_at_a_time_in_the_order_of_their_calls) {
  manual_scheduler loop;
  mutex m;
  std::vector<int> log;
  for (int i = 1; i <= 3; ++i) loop.start(enter(m, log, i));
  loop.settle();
  EXPECT_EQ(log, (std::vector{1, 1, 2, 2, 3, 3}));
  EXPECT_FALSE(m.is_locked());
}

TEST(mutex, is_not_given_to_a_newcomer_while_a_task_waits) {
  manual_scheduler loop;
  mutex m;
  std::vector<int> log;
  auto first = m.try_lock();
  ASSERT_TRUE(first);
  EXPECT_FALSE(m.try_lock());
  loop.start(enter(m, log, 1));
  first->unlock();
  first->unlock();
  EXPECT_FALSE(m.try_lock());
  loop.settle();
  EXPECT_EQ(log, (std::vector{1, 1}));
  EXPECT_TRUE(m.try_lock());
}

TEST(mutex, is_passed_on_if_the_task_that_was_promised_it_is_cancelled) {
  manual_scheduler loop;
  mutex m;
  std::vector<int> log;
  scope some(loop.root());
  auto first = m.try_lock();
  auto promised = some.spawn(enter(m, log, 1));
  loop.start(enter(m, log, 2));
  first.reset();
  promised.cancel();
  loop.settle();
  EXPECT_EQ(log, (std::vector{2, 2}));
}

TEST(mutex, cannot_be_locked_in_a_stopped_context) {
  manual_scheduler loop;
  mutex m;
  std::vector<int> log;
  loop.root().stop();
  auto ended = loop.start(enter(m, log, 1));
  EXPECT_TRUE(ended->done);
  EXPECT_THROW(ended->get(), error);
  EXPECT_FALSE(m.is_locked());
}

}  // namespace
}  // namespace bight
