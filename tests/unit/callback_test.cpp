// SPDX-License-Identifier: MIT
#include <bight/machinery/callback.hpp>

#include "base/names.hpp"
#include "manual_scheduler.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace bight {
namespace {

static_assert(std::is_constructible_v<callback<int(int)>, int (*)(int)>);
static_assert(!std::is_constructible_v<callback<int(int)>, int (*)(std::string)>);
static_assert(!std::is_constructible_v<callback<task<>(int)>, void (*)(int)>);
static_assert(std::is_copy_constructible_v<callback<void()>>);

int twice(int n) { return 2 * n; }

TEST(callback, is_false_when_it_holds_nothing) {
  const callback<void()> none;
  EXPECT_FALSE(none);
  const callback<void()> braces = {};
  EXPECT_FALSE(braces);
}

TEST(callback, calls_functions_and_lambdas) {
  const callback<int(int)> f = twice;
  EXPECT_TRUE(f);
  EXPECT_EQ(f(21), 42);
  int add = 1;
  const callback<int(int)> g = [add](int n) { return n + add; };
  EXPECT_EQ(g(1), 2);
}

TEST(callback, passes_move_only_arguments_and_references) {
  const callback<int(std::unique_ptr<int>, int&)> f = [](std::unique_ptr<int> p, int& seen) {
    seen = *p;
    return *p + 1;
  };
  int seen = 0;
  EXPECT_EQ(f(std::make_unique<int>(7), seen), 8);
  EXPECT_EQ(seen, 7);
}

TEST(callback, copies_share_one_callable) {
  int calls = 0;
  callback<int()> first = [owned = std::make_unique<int>(0), &calls] {
    ++calls;
    return ++*owned;
  };
  const callback<int()> second = first;
  EXPECT_EQ(first(), 1);
  EXPECT_EQ(second(), 2);
  first = {};
  EXPECT_EQ(second(), 3);
  EXPECT_EQ(calls, 3);
}

TEST(callback, destroys_its_callable_with_the_last_copy) {
  const auto seen = std::make_shared<int>(0);
  callback<void()> first = [seen] { ++*seen; };
  callback<void()> second = first;
  first = second;
  const callback<void()> third = std::move(first);
  EXPECT_FALSE(first);
  third();
  EXPECT_EQ(seen.use_count(), 2);
  second = {};
  EXPECT_EQ(seen.use_count(), 2);
  second = third;
  EXPECT_EQ(*seen, 1);
}

TEST(callback, discards_the_result_of_the_callable_if_it_returns_void) {
  const callback<void(int)> f = twice;
  f(1);
}

TEST(callback, of_a_coroutine_keeps_its_captures_while_it_runs) {
  manual_scheduler loop;
  const std::string name(100, 'n');
  const callback<task<std::string>(int)> f = [name](int n) -> task<std::string> {
    co_return name + std::to_string(n);
  };
  EXPECT_EQ(loop.run(f(3)), name + "3");
}

}  // namespace
}  // namespace bight
