// SPDX-License-Identifier: MIT
// What no program may do with a queue, a semaphore, a mutex, an interval or a retry.
#include <bight/queue.hpp>

#include <bight/interval.hpp>
#include <bight/mutex.hpp>
#include <bight/random.hpp>
#include <bight/retry.hpp>
#include <bight/run.hpp>
#include <bight/semaphore.hpp>

#include "contract/contract.hpp"

#include <optional>
#include <thread>
#include <utility>

namespace contract {

namespace {

class queue_misuse : public testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

template <class F>
void while_a_task_pops(F misuse) {
  runner().run([](F f) -> task<> {
    queue<int> q(1);
    scope s(co_await current_context());
    s.spawn([&q]() -> task<> { static_cast<void>(co_await q.pop()); });
    std::thread([&q, &f] { f(q); }).join();
    q.close();
    co_await s.join();
  }(misuse));
}

void release_a_permit_elsewhere() {
  runner().run([]() -> task<> {
    semaphore none(0);
    scope s(co_await current_context());
    s.spawn([&none]() -> task<> { auto permit = co_await none.acquire(); });
    std::thread([&none] { none.release(); }).join();
    co_await s.join();
  }());
}

void lock_a_mutex_on_another_loop() {
  runner().run([]() -> task<> {
    mutex m;
    auto guard = m.try_lock();
    scope s(co_await current_context());
    s.spawn([&m]() -> task<> { auto mine = co_await m.lock(); });
    auto other = [](mutex& of) -> task<> { auto mine = co_await of.lock(); };
    std::thread([&m, &other] { runner().run(other(m)); }).join();
    guard.reset();
    co_await s.join();
  }());
}

// What is destroyed while a child of the scope waits for it.
template <class T, class Wait, class... Made>
task<> destroy_while_awaited(Wait wait, Made... made) {
  std::optional<T> kept(std::in_place, made...);
  scope s(co_await current_context());
  s.spawn(wait(*kept));
  kept.reset();
  s.stop();
  co_await s.join();
}

const std::pair<const char*, task<> (*)()> never_with_a_queue[] = {
    {"a queue has a capacity of at least 1",
     []() -> task<> {
       queue<int> q(0);
       co_return;
     }},
    {"a queue is destroyed while a task waits for it",
     []() -> task<> {
       auto wait = [](queue<int>& q) -> task<> { static_cast<void>(co_await q.pop()); };
       co_await destroy_while_awaited<queue<int>>(wait, 1);
     }},
    {"a semaphore is destroyed while a task waits for it",
     []() -> task<> {
       auto wait = [](semaphore& s) -> task<> { auto permit = co_await s.acquire(); };
       co_await destroy_while_awaited<semaphore>(wait, 0);
     }},
    {"a semaphore is destroyed before its permits",
     []() -> task<> {
       std::optional<semaphore> one(std::in_place, 1);
       auto permit = co_await one->acquire();
       one.reset();
     }},
    {"a mutex is destroyed while it is locked",
     []() -> task<> {
       std::optional<mutex> m(std::in_place);
       auto guard = co_await m->lock();
       m.reset();
     }},
    {"the period of an interval is more than zero",
     []() -> task<> {
       interval never(0s);
       co_return;
     }},
    {"two tasks wait for one interval",
     []() -> task<> {
       interval slow(1h);
       co_await all(slow.tick(), slow.tick());
     }},
    {"an interval is destroyed while a task waits for it",
     []() -> task<> {
       auto wait = [](interval& of) -> task<> { co_await of.tick(); };
       co_await destroy_while_awaited<interval>(wait, 1h);
     }},
    {"a random number is below at least 1",
     []() -> task<> {
       auto random = co_await random_numbers();
       static_cast<void>(random.below(std::uint64_t{0}));
     }},
    {"retry with no attempt",
     []() -> task<> {
       retry_policy policy;
       policy.attempts_max = 0;
       co_await retry(policy, [] { return sleep(1ms); });
     }},
    {"the jitter of a retry is from 0 to 1",
     []() -> task<> {
       retry_policy policy;
       policy.jitter = 2;
       co_await retry(policy, [] { return sleep(1ms); });
     }},
};

}  // namespace

TEST_F(queue_misuse, never_allowed) {
  for (const auto& [why, body] : never_with_a_queue) EXPECT_DEATH(runner().run(body()), why);
}

TEST_F(queue_misuse, a_queue_used_in_another_thread) {
  const char* const why = "a queue is used on a thread or loop other|data race";
  EXPECT_DEATH(while_a_task_pops([](queue<int>& q) { static_cast<void>(q.try_push(1)); }), why);
  EXPECT_DEATH(while_a_task_pops([](queue<int>& q) { static_cast<void>(q.try_pop()); }), why);
  EXPECT_DEATH(while_a_task_pops([](queue<int>& q) { q.close(); }), why);
}

TEST_F(queue_misuse, a_semaphore_used_in_another_thread) {
  EXPECT_DEATH(release_a_permit_elsewhere(),
               "a semaphore is used on a thread or loop other|data race");
}

TEST_F(queue_misuse, a_mutex_used_on_another_loop) {
  EXPECT_DEATH(lock_a_mutex_on_another_loop(),
               "a mutex is used on a thread or loop other|data race");
}

}  // namespace contract
