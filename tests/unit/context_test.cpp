// SPDX-License-Identifier: MIT
#include <bight/context.hpp>

#include "base/names.hpp"
#include "manual_scheduler.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace bight {
namespace {

struct noting_hook : stop_hook {
  std::vector<int>* log = nullptr;
  int id = 0;
  stop_hook* also_unlink = nullptr;
  noting_hook(std::vector<int>& into, int number) : log(&into), id(number) {
    on_stop = [](stop_hook& h) {
      auto& self = static_cast<noting_hook&>(h);
      self.log->push_back(self.id);
      if (self.also_unlink != nullptr) self.also_unlink->unlink();
    };
  }
};

TEST(context, calls_its_hooks_once_and_in_order) {
  scheduler s;
  context root(s);
  std::vector<int> log;
  noting_hook a(log, 1), b(log, 2);
  root.link(a);
  root.link(b);
  EXPECT_FALSE(root.stop_requested());
  root.stop();
  root.stop();
  EXPECT_TRUE(root.stop_requested());
  EXPECT_EQ(log, (std::vector{1, 2}));
  EXPECT_EQ(a.next, &a) << "linked still";
}

TEST(context, does_not_call_a_hook_that_was_unlinked) {
  scheduler s;
  context root(s);
  std::vector<int> log;
  noting_hook a(log, 1), b(log, 2), c(log, 3);
  root.link(a);
  root.link(b);
  root.link(c);
  b.unlink();
  b.unlink();
  a.also_unlink = &c;  // by another hook, in the middle of the stop
  root.stop();
  EXPECT_EQ(log, (std::vector{1}));
}

TEST(context, stops_everything_below_and_nothing_above) {
  scheduler s;
  context root(s);
  context left(root);
  context right(root);
  context leaf(left);
  left.stop();
  EXPECT_TRUE(leaf.stop_requested());
  EXPECT_FALSE(right.stop_requested());
  EXPECT_FALSE(root.stop_requested());
  root.stop();
  EXPECT_TRUE(right.stop_requested());
  EXPECT_EQ(&leaf.sched(), &s);
}

TEST(context, below_a_stopped_one_is_stopped_from_the_start) {
  scheduler s;
  context root(s);
  root.stop();
  const context child(root);
  EXPECT_TRUE(child.stop_requested());
}

TEST(context, that_was_destroyed_is_not_stopped) {
  scheduler s;
  context root(s);
  { const context child(root); }
  root.stop();
}

TEST(context, stops_a_deep_tree) {
  scheduler s;
  std::vector<std::unique_ptr<context>> chain;
  chain.push_back(std::make_unique<context>(s));
  for (int i = 0; i < 1000; ++i) chain.push_back(std::make_unique<context>(*chain.back()));
  chain.front()->stop();
  EXPECT_TRUE(chain.back()->stop_requested());
  while (!chain.empty()) chain.pop_back();
}

task<context*> inner_context() {
  context& c = co_await current_context();
  co_return &c;
}

task<bool> shares_its_context() {
  context& mine = co_await current_context();
  co_return co_await inner_context() == &mine;
}

TEST(current_context, is_the_one_of_the_awaiting_coroutine) {
  manual_scheduler loop;
  EXPECT_TRUE(loop.run(shares_its_context()));
}

}  // namespace
}  // namespace bight
