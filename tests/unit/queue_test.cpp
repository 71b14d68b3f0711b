// SPDX-License-Identifier: MIT
#include <bight/queue.hpp>

#include <bight/deadline.hpp>

#include "base/names.hpp"
#include "manual_scheduler.hpp"
#include "unit/allocations.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace bight {
namespace {

task<> push_all(queue<int>& q, std::vector<int> items) {
  for (const int item : items) co_await q.push(item);
}

task<> pop_into(queue<int>& q, std::vector<int>& got, int count) {
  for (; count > 0; --count) got.push_back((co_await q.pop()).value());
}

task<int> pop_until_end(queue<int>& q) {
  int count = 0;
  while (auto item = co_await q.pop()) ++count;
  co_return count;
}

TEST(queue, returns_items_in_the_order_of_the_pushes) {
  manual_scheduler loop;
  queue<int> q(2);
  std::vector<int> got;
  loop.start(push_all(q, {1, 2, 3, 4, 5}));
  EXPECT_EQ(q.size(), 2u);
  loop.start(pop_into(q, got, 5));
  loop.settle();
  EXPECT_EQ(got, (std::vector{1, 2, 3, 4, 5}));
  EXPECT_TRUE(q.empty());
}

TEST(queue, never_holds_more_than_its_capacity) {
  manual_scheduler loop;
  queue<int> q(3);
  auto pushing = loop.start(push_all(q, {1, 2, 3, 4}));
  loop.settle();
  EXPECT_EQ(q.size(), 3u);
  EXPECT_FALSE(pushing->done);
  EXPECT_EQ(q.try_pop(), 1);
  loop.settle();
  EXPECT_TRUE(pushing->done);
  EXPECT_EQ(q.size(), 3u);
}

TEST(queue, serves_waiting_pops_in_the_order_of_their_calls) {
  manual_scheduler loop;
  queue<int> q(8);
  std::vector<int> first;
  std::vector<int> second;
  loop.start(pop_into(q, first, 1));
  loop.start(pop_into(q, second, 1));
  EXPECT_TRUE(q.try_push(1));
  EXPECT_TRUE(q.try_push(2));
  EXPECT_TRUE(first.empty()) << "nobody is resumed from inside a push";
  loop.settle();
  EXPECT_EQ(first, (std::vector{1}));
  EXPECT_EQ(second, (std::vector{2}));
}

TEST(queue, does_not_let_a_try_pop_take_what_a_waiting_pop_gets) {
  manual_scheduler loop;
  queue<int> q(8);
  std::vector<int> got;
  loop.start(pop_into(q, got, 1));
  EXPECT_TRUE(q.try_push(1));
  EXPECT_EQ(q.try_pop(), std::nullopt);
  EXPECT_TRUE(q.try_push(2));
  EXPECT_EQ(q.try_pop(), 1) << "one item is left for the pop that waits";
  loop.settle();
  EXPECT_EQ(got, (std::vector{2}));
}

TEST(queue, does_not_let_a_try_push_overtake_a_waiting_push) {
  manual_scheduler loop;
  queue<int> q(1);
  loop.start(push_all(q, {1, 2}));
  EXPECT_EQ(q.try_pop(), 1);
  EXPECT_FALSE(q.try_push(3));
  loop.settle();
  EXPECT_EQ(q.try_pop(), 2);
  EXPECT_TRUE(q.try_push(3));
}

TEST(queue, keeps_an_item_in_its_place_if_the_pop_that_was_promised_it_is_cancelled) {
  manual_scheduler loop;
  queue<int> q(8);
  std::vector<int> cancelled;
  std::vector<int> got;
  scope some(loop.root());
  auto one = some.spawn(pop_into(q, cancelled, 1));
  loop.start(pop_into(q, got, 2));
  EXPECT_TRUE(q.try_push(1));
  one.cancel();  // between the push and the turn in which the pop would resume
  EXPECT_TRUE(q.try_push(2));
  loop.settle();
  EXPECT_TRUE(cancelled.empty());
  EXPECT_EQ(got, (std::vector{1, 2}));
}

TEST(queue, loses_no_item_to_a_race_that_something_else_wins_in_the_same_turn) {
  manual_scheduler loop;
  queue<int> q(8);
  event go;
  auto body = [](queue<int>& from, event& other) -> task<std::size_t> {
    auto racing = race(other.wait(), from.pop());
    co_return (co_await std::move(racing)).index();
  };
  auto ended = loop.start(body(q, go));
  go.set();
  EXPECT_TRUE(q.try_push(1));
  loop.settle();
  EXPECT_EQ(ended->get(), 0u);
  EXPECT_EQ(q.try_pop(), 1);
  auto again = loop.start(body(q, go));  // the event is set, and the race ends at once
  EXPECT_TRUE(q.try_push(2));
  loop.settle();
  EXPECT_EQ(again->get(), 0u);
  EXPECT_EQ(q.try_pop(), 2);
}

TEST(queue, a_cancelled_push_leaves_its_item_with_the_caller) {
  manual_scheduler loop;
  queue<std::unique_ptr<int>> q(1);
  EXPECT_TRUE(q.try_push(std::make_unique<int>(1)));
  auto body = [](queue<std::unique_ptr<int>>& into) -> task<int> {
    auto item = std::make_unique<int>(2);
    auto pushed = co_await attempt(within(1s, into.push(std::move(item))));
    EXPECT_STREQ(pushed.error().what(), "push: timed out after 1 s");
    co_return item ? *item : 0;
  };
  auto ended = loop.start(body(q));
  loop.settle();
  EXPECT_EQ(ended->get(), 2);
  EXPECT_EQ(q.size(), 1u);
  EXPECT_EQ(**q.try_pop(), 1);
  EXPECT_TRUE(q.try_push(std::make_unique<int>(3))) << "the slot is free";
}

TEST(queue, gives_the_slot_of_a_cancelled_push_to_the_next) {
  manual_scheduler loop;
  queue<int> q(1);
  scope some(loop.root());
  loop.start(push_all(q, {1}));
  auto one = some.spawn(push_all(q, {2}));
  loop.start(push_all(q, {3}));
  EXPECT_EQ(q.try_pop(), 1);
  one.cancel();
  loop.settle();
  EXPECT_EQ(q.try_pop(), 3);
}

TEST(queue, that_is_closed_returns_what_it_holds_and_then_the_end) {
  manual_scheduler loop;
  queue<int> q(8);
  loop.start(push_all(q, {1, 2, 3}));
  q.close();
  EXPECT_TRUE(q.is_closed());
  EXPECT_FALSE(q.try_push(4));
  auto all = loop.start(pop_until_end(q));
  loop.settle();
  EXPECT_EQ(all->get(), 3);
  EXPECT_EQ(q.try_pop(), std::nullopt);
}

TEST(queue, that_is_closed_ends_all_waiting_pops) {
  manual_scheduler loop;
  queue<int> q(8);
  auto one = loop.start(pop_until_end(q));
  auto two = loop.start(pop_until_end(q));
  EXPECT_TRUE(q.try_push(1));
  q.close();
  loop.settle();
  EXPECT_EQ(one->get() + two->get(), 1);
}

TEST(queue, that_is_closed_ends_no_pop_while_an_item_may_come_back) {
  manual_scheduler loop;
  queue<int> q(8);
  scope some(loop.root());
  auto one = some.spawn(pop_until_end(q));
  auto two = loop.start(pop_until_end(q));
  EXPECT_TRUE(q.try_push(1));
  q.close();
  one.cancel();  // it was promised the item
  loop.settle();
  EXPECT_EQ(two->get(), 1);
}

TEST(queue, that_is_closed_fails_each_waiting_push) {
  manual_scheduler loop;
  queue<int> q(1);
  auto waits = loop.start(push_all(q, {1, 2}));
  auto promised = loop.start(push_all(q, {3}));
  EXPECT_EQ(q.try_pop(), 1);  // the first of them has a slot now
  q.close();
  loop.settle();
  for (auto& ended : {waits, promised}) {
    try {
      ended->get();
      ADD_FAILURE();
    } catch (const error& e) {
      EXPECT_TRUE(e.is(errc::closed));
      EXPECT_STREQ(e.what(), "push: the queue is closed");
    }
  }
  auto later = loop.start(push_all(q, {4}));
  EXPECT_THROW(later->get(), error);
  EXPECT_TRUE(q.empty());
}

TEST(queue, that_is_closed_may_be_destroyed_before_its_waiters_resume) {
  manual_scheduler loop;
  auto q = std::make_unique<queue<int>>(8);
  auto one = loop.start(pop_until_end(*q));
  q->close();
  loop.turn();
  EXPECT_EQ(one->get(), 0);
}

TEST(queue, lets_other_tasks_run_after_many_pops_in_a_row) {
  manual_scheduler loop;
  queue<int> q(100'000);
  for (int i = 0; i < 100'000; ++i) ASSERT_TRUE(q.try_push(i));
  q.close();
  auto all = loop.start(pop_until_end(q));
  std::vector<int> log;
  auto other = loop.start([](std::vector<int>& into) -> task<> {
    co_await sleep(0s);
    into.push_back(1);
  }(log));
  loop.turn();
  loop.turn();
  EXPECT_TRUE(other->done);
  EXPECT_FALSE(all->done);
  loop.settle();
  EXPECT_EQ(all->get(), 100'000);
}

TEST(queue, holds_items_that_cannot_be_copied_and_destroys_the_rest) {
  manual_scheduler loop;
  auto shared = std::make_shared<int>(5);
  {
    queue<std::shared_ptr<int>> q(5);
    for (int round = 0; round < 3; ++round) {
      while (q.try_push(shared)) continue;
      EXPECT_EQ(shared.use_count(), 6);
      static_cast<void>(q.try_pop());
      static_cast<void>(q.try_pop());
      EXPECT_EQ(shared.use_count(), 4);
    }
  }
  EXPECT_EQ(shared.use_count(), 1);
}

#if BIGHT_ALLOCATIONS_COUNTED

TEST(queue, allocates_nothing_once_it_has_been_full) {
  manual_scheduler loop;
  queue<int> q(4);
  auto body = [](queue<int>& of, int rounds) -> task<std::size_t> {
    std::size_t before = 0;
    for (int i = 0; i < rounds; ++i) {
      if (i == rounds / 2) before = allocations();
      while (of.size() < 4) co_await of.push(i);
      while (!of.empty()) static_cast<void>(co_await of.pop());
    }
    co_return allocations() - before;
  };
  auto ended = loop.start(body(q, 100));
  loop.settle();
  EXPECT_EQ(ended->get(), 0u);
}

TEST(queue, a_push_without_memory_fails_and_leaves_the_slot_free) {
  manual_scheduler loop;
  queue<std::string> q(1);
  std::string item(100, 'x');
  {
    const failing_allocations none(1);
    EXPECT_THROW(static_cast<void>(q.try_push(std::move(item))), std::bad_alloc);
  }
  EXPECT_EQ(item.size(), 100u);
  EXPECT_TRUE(q.try_push(std::move(item)));
}

#endif

}  // namespace
}  // namespace bight
