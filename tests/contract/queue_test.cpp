// SPDX-License-Identifier: MIT
// Queues, semaphores and mutexes between tasks that also wait for sockets.
#include <bight/queue.hpp>

#include <bight/mutex.hpp>
#include <bight/semaphore.hpp>

#include "contract/contract.hpp"
#include "contract/counted.hpp"
#include "unit/allocations.hpp"

#include <string>
#include <vector>

namespace contract {

namespace {

task<> recv_into_queue(stream& from, queue<std::string>& to) {
  while (auto bytes = co_await from.recv()) co_await to.push(bytes.str());
  to.close();
}

task<> expect_pattern_of(queue<std::string>& from, std::uint64_t total) {
  std::uint64_t position = 0;
  while (auto bytes = co_await from.pop()) {
    EXPECT_TRUE(pattern::matches(position, *bytes)) << position;
    position += bytes->size();
  }
  EXPECT_EQ(position, total);
}

}  // namespace

BIGHT_TEST(queue, carries_the_bytes_of_a_stream_to_another_task) {
  constexpr std::uint64_t total = 2'000'000;
  auto pair = co_await connected();
  queue<std::string> between(3);
  co_await all(send_pattern(pair.there, total), recv_into_queue(pair.here, between),
               expect_pattern_of(between, total));
}

// The deadline, the byte and the item come in every order, also in one turn.
BIGHT_TEST(queue, loses_no_item_to_a_race_with_a_receive_or_a_deadline) {
  constexpr int rounds = 300;
  auto pair = co_await connected();
  queue<int> q(rounds);
  std::vector<int> got;
  std::size_t bytes = 0;
  for (int i = 0; i < rounds; ++i) {
    scope side(co_await current_context());
    side.spawn([&q, &pair, i]() -> task<> {
      if (i % 3 == 0) co_await sleep(0s);
      co_await pair.there.send("x");
      co_await q.push(i);
    });
    auto racing = race(q.pop(), pair.here.recv());
    auto first = co_await attempt(within(i % 5 * 10us, std::move(racing)));
    if (first && first->index() == 0) got.push_back(*std::get<0>(*first));
    if (first && first->index() == 1) bytes += std::get<1>(*first).size();
    auto joined = side.join();
    co_await std::move(joined);
  }
  while (auto item = q.try_pop()) got.push_back(*item);
  while (bytes < rounds) bytes += (co_await pair.here.recv()).size();
  std::vector<int> expected;
  for (int i = 0; i < rounds; ++i) expected.push_back(i);
  EXPECT_EQ(got, expected);
}

BIGHT_TEST(mutex, keeps_the_parts_of_a_message_together) {
  auto pair = co_await connected();
  mutex together;
  auto speak = [](stream& to, mutex& m, char who) -> task<> {
    const std::string part(1000, who);
    for (int i = 0; i < 50; ++i) {
      auto guard = co_await m.lock();
      co_await to.send(part);
      co_await to.send(part);
    }
  };
  auto listen = [](stream& from) -> task<> {
    reader in(from);
    for (int i = 0; i < 100; ++i) {
      auto message = co_await in.read_exactly(2000);
      EXPECT_EQ(message.view(), std::string(2000, message.view().front()));
    }
  };
  co_await all(speak(pair.there, together, 'a'), speak(pair.there, together, 'b'),
               listen(pair.here));
}

BIGHT_TEST(semaphore, limits_how_many_connections_are_made_at_once) {
  served s;
  auto client = [](served& of) -> task<> {
    semaphore two(2);
    int now = 0;
    auto visit = [](semaphore& limit, const address& at, int& active) -> task<> {
      auto permit = co_await limit.acquire();
      EXPECT_LE(++active, 2);
      auto peer = co_await tcp::connect(at);
      co_await expect_echo(peer, "hello");
      --active;
    };
    scope visits(co_await current_context());
    for (int i = 0; i < 20; ++i) visits.spawn(visit(two, of.at.front(), now));
    co_await visits.join();
    EXPECT_EQ(two.available(), 2u);
  };
  co_await serve_for(s, tcp::serve("127.0.0.1:0", echo, s.options()), client(s));
}

#if BIGHT_COSTS_COUNTED

BIGHT_TEST(queue, and_mutex_and_semaphore_allocate_nothing_for_an_operation) {
  queue<int> there(2);
  queue<int> back(2);
  mutex m;
  semaphore one(1);
  auto answer = [](queue<int>& from, queue<int>& to) -> task<> {
    while (auto item = co_await from.pop()) co_await to.push(*item);
  };
  scope side(co_await current_context());
  side.spawn(answer(there, back));
  std::size_t before = 0;
  for (int i = 0; i < 1100; ++i) {
    if (i == 100) before = bight::allocations();
    auto guard = co_await m.lock();
    auto permit = co_await one.acquire();
    co_await there.push(i);
    EXPECT_EQ(co_await back.pop(), i);
  }
  EXPECT_EQ(bight::allocations() - before, 0u);
  there.close();
  co_await side.join();
}

#endif

}  // namespace contract
