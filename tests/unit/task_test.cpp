// SPDX-License-Identifier: MIT
#include <bight/deadline.hpp>
#include <bight/scope.hpp>
#include <bight/task.hpp>

#include "base/names.hpp"
#include "manual_scheduler.hpp"
#include "probe.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

// Sanitizers of g++ lose tail calls, without which a chain of resumptions is a recursion.
#if defined(__SANITIZE_ADDRESS__) && defined(__GNUC__) && !defined(__clang__)
#define BIGHT_TAIL_CALLS 0
#else
#define BIGHT_TAIL_CALLS 1
#endif

namespace bight {
namespace {

static_assert(!std::is_copy_constructible_v<task<>>);
static_assert(!std::is_copy_assignable_v<task<int>>);
static_assert(std::is_nothrow_move_constructible_v<task<>>);
static_assert(awaitable<task<>>);
static_assert(awaitable<task<std::unique_ptr<int>>>);
static_assert(!awaitable<int>);

// How deep the stack is here.
__attribute__((noinline)) std::uintptr_t stack_place() {
  return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
}

struct depth {
  std::uintptr_t lowest = static_cast<std::uintptr_t>(-1);
  std::uintptr_t highest = 0;
  void note() {
    const auto here = stack_place();
    lowest = std::min(lowest, here);
    highest = std::max(highest, here);
  }
  [[nodiscard]] std::uintptr_t spread() const { return highest - lowest; }
};

task<int> answer(int n) { co_return n; }
task<> nothing() { co_return; }

task<std::string> greeting(std::string name) {
  const int n = co_await answer(2);
  co_await nothing();
  co_return name + std::to_string(n);
}

TEST(task, returns_the_value_of_its_coroutine) {
  manual_scheduler loop;
  EXPECT_EQ(loop.run(greeting("n")), "n2");
}

TEST(task, returns_a_move_only_value) {
  manual_scheduler loop;
  auto make = []() -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(5); };
  EXPECT_EQ(*loop.run(make()), 5);
}

TEST(task, makes_its_value_of_anything_that_constructs_it) {
  manual_scheduler loop;
  auto make = []() -> task<std::string> { co_return "text"; };
  EXPECT_EQ(loop.run(make()), "text");
}

task<> note(bool& ran) {
  ran = true;
  co_return;
}

TEST(task, does_nothing_until_it_is_awaited) {
  bool ran = false;
  { const task<> t = note(ran); }
  EXPECT_FALSE(ran);
}

task<> hold(probe p) {
  const probe kept = std::move(p);
  co_await sleep(0s);
}

TEST(task, that_never_ran_frees_its_arguments) {
  int alive = 0;
  {
    const task<> t = hold(probe(alive));
    EXPECT_EQ(alive, 1);
  }
  EXPECT_EQ(alive, 0);
}

TEST(task, that_has_run_frees_its_arguments_and_locals) {
  manual_scheduler loop;
  int alive = 0;
  loop.run(hold(probe(alive)));
  EXPECT_EQ(alive, 0);
}

TEST(task, moves_and_can_be_awaited_after_that) {
  manual_scheduler loop;
  task<int> first = answer(1);
  task<int> second = std::move(first);
  task<int> third = answer(3);
  third = std::move(second);
  auto wrapped = [](task<int> t) -> task<int> { co_return co_await std::move(t); };
  EXPECT_EQ(loop.run(wrapped(std::move(third))), 1);
}

task<int> fails(std::string why) {
  co_await sleep(0s);
  throw std::runtime_error(why);
}

task<std::string> catches() {
  std::string caught;
  try {
    (void)co_await fails("broken");
  } catch (const std::runtime_error& e) {
    caught = e.what();
  }
  co_return caught;
}

TEST(task, throws_what_its_coroutine_threw_where_it_is_awaited) {
  manual_scheduler loop;
  EXPECT_EQ(loop.run(catches()), "broken");
  EXPECT_THROW((void)loop.run(fails("out")), std::runtime_error);
}

TEST(task, an_exception_passes_through_many_levels_and_frees_them) {
  manual_scheduler loop;
  int alive = 0;
  struct nest {
    static task<> in(int depth, int& counter) {
      const probe here(counter);
      if (depth == 0) throw std::runtime_error("deep");
      co_await in(depth - 1, counter);
    }
  };
  EXPECT_THROW(loop.run(nest::in(100, alive)), std::runtime_error);
  EXPECT_EQ(alive, 0);
}

task<> one_by_one(int n, depth& stack) {
  long sum = 0;
  for (int i = 0; i < n; ++i) {
    sum += co_await answer(1);
    if (i % 1000 == 0) stack.note();
  }
  EXPECT_EQ(sum, n);
}

// faults.md M06. At -O0 too.
TEST(task, a_million_awaits_that_complete_at_once_do_not_grow_the_stack) {
  if (!BIGHT_TAIL_CALLS) GTEST_SKIP() << "g++'s sanitizers lose tail calls";
  manual_scheduler loop;
  depth stack;
  loop.run(one_by_one(1'000'000, stack));
  EXPECT_LT(stack.spread(), 1024u);
}

task<int> nested(int n, depth& stack) {
  if (n % 1000 == 0) stack.note();
  if (n == 0) co_return 0;
  const int below = co_await nested(n - 1, stack);
  if (n % 1000 == 0) stack.note();
  co_return below + 1;
}

TEST(task, a_hundred_thousand_nested_awaits_do_not_grow_the_stack) {
  if (!BIGHT_TAIL_CALLS) GTEST_SKIP() << "g++'s sanitizers lose tail calls";
  manual_scheduler loop;
  depth stack;
  EXPECT_EQ(loop.run(nested(100'000, stack)), 100'000);
  EXPECT_LT(stack.spread(), 2048u);
}

task<> ready_waits(int n, depth& stack) {
  for (int i = 0; i < n; ++i) {
    auto r = co_await attempt(within(1s, answer(1)));
    EXPECT_TRUE(r);
    if (i % 100 == 0) stack.note();
  }
}

TEST(task, deadlines_around_what_completes_at_once_do_not_grow_the_stack) {
  if (!BIGHT_TAIL_CALLS) GTEST_SKIP() << "g++'s sanitizers lose tail calls";
  manual_scheduler loop;
  depth stack;
  loop.run(ready_waits(100'000, stack));
  EXPECT_LT(stack.spread(), 2048u);
}

task<> spawns(scope& s, int n, depth& stack) {
  for (int i = 0; i < n; ++i) {
    s.spawn(nothing());
    if (i % 100 == 0) stack.note();
  }
  co_return;
}

TEST(task, children_that_end_at_once_do_not_grow_the_stack) {
  manual_scheduler loop;
  depth stack;
  auto body = [&stack](scope& s) -> task<> { co_await spawns(s, 100'000, stack); };
  loop.run(in_scope(body));
  EXPECT_LT(stack.spread(), 1024u);
}

TEST(task, runs_on_when_the_wait_is_real) {
  manual_scheduler loop;
  auto waits = []() -> task<int> {
    co_await sleep(2s);
    co_return 7;
  };
  EXPECT_EQ(loop.run(waits()), 7);
  EXPECT_EQ(loop.elapsed(), 2s);
}

TEST(task, that_is_assigned_to_destroys_its_old_coroutine) {
  int alive = 0;
  const auto hold = [](probe, int value) -> task<int> { co_return value; };
  auto t = hold(probe(alive), 1);
  auto next = hold(probe(alive), 2);
  EXPECT_EQ(alive, 2);
  t = std::move(next);
  EXPECT_EQ(alive, 1);
  task<int>& same = t;
  t = std::move(same);
  EXPECT_EQ(alive, 1);
  manual_scheduler loop;
  EXPECT_EQ(loop.run(std::move(t)), 2);
  EXPECT_EQ(alive, 0);
}

namespace {

template <class Use>
void use_an_empty_task(Use use) {
  manual_scheduler loop;
  auto body = [](Use how) -> task<> {
    task<> one = nothing();
    const task<> owner = std::move(one);
    co_await how(one);
  };
  loop.run(body(use));
}

void await_twice() {
  manual_scheduler loop;
  auto body = []() -> task<> {
    task<int> one = answer(1);
    static_cast<void>(co_await std::move(one));
    static_cast<void>(co_await std::move(one));
  };
  loop.run(body());
}

task<> spawn_it(task<>& empty) {
  auto body = [&empty](scope& s) -> task<> {
    s.spawn(std::move(empty));
    co_return;
  };
  co_await in_scope(body);
}

task<> in_a_vector(task<>& empty) {
  std::vector<task<>> tasks;
  tasks.push_back(std::move(empty));
  co_await all(std::move(tasks));
}

}  // namespace

TEST(task, that_was_moved_from_or_awaited_before_ends_the_program_with_a_message) {
  constexpr const char* sentence = "a task was started twice, or after it was moved from";
  EXPECT_DEATH(await_twice(), sentence);
  EXPECT_DEATH(use_an_empty_task([](task<>& t) -> task<> { co_await std::move(t); }), sentence);
  EXPECT_DEATH(use_an_empty_task([](task<>& t) -> task<> { co_await within(1s, std::move(t)); }),
               sentence);
  EXPECT_DEATH(use_an_empty_task([](task<>& t) -> task<> { (void)co_await attempt(std::move(t)); }),
               sentence);
  EXPECT_DEATH(
      use_an_empty_task([](task<>& t) -> task<> { co_await all(std::move(t), nothing()); }),
      sentence);
  EXPECT_DEATH(
      use_an_empty_task([](task<>& t) -> task<> { co_await race(std::move(t), nothing()); }),
      sentence);
  EXPECT_DEATH(use_an_empty_task(spawn_it), sentence);
  EXPECT_DEATH(use_an_empty_task(in_a_vector), sentence);
}

// An awaitable of somebody else's, by the concept alone.
struct constant {
  using value_type = int;
  int n;
  bool start(std::coroutine_handle<>, context&) const noexcept { return false; }
  [[nodiscard]] result<int> take() const { return n; }
};

TEST(task, awaits_anything_with_start_and_take) {
  static_assert(awaitable<constant>);
  manual_scheduler loop;
  auto use = []() -> task<int> { co_return co_await constant{4}; };
  EXPECT_EQ(loop.run(use()), 4);
}

TEST(manual_scheduler, reports_a_task_that_would_wait_for_ever) {
  manual_scheduler loop;
  auto stuck = []() -> task<> { co_await sleep(duration::max()); };
  EXPECT_THROW(loop.run(stuck()), std::logic_error);
}

}  // namespace
}  // namespace bight
