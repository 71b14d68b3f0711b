// SPDX-License-Identifier: MIT
// Time, randomness and repetition from the loop, on every engine.
#include <bight/retry.hpp>

#include <bight/interval.hpp>
#include <bight/random.hpp>

#include "contract/contract.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace contract {

BIGHT_TEST(retry, connects_once_somebody_listens) {
  auto first = co_await tcp::listen("127.0.0.1:0");
  const address at = first.local();
  first.close();
  event refused;
  retry_policy policy;
  policy.attempts_max = 1000;
  policy.wait_first = 1ms;
  policy.on_retry = [&refused](const error& e, duration) {
    EXPECT_TRUE(e.is(errc::refused)) << e.what();
    refused.set();
  };
  auto listen = [](event& go, const address& where) -> task<> {
    co_await go.wait();
    auto again = co_await tcp::listen(where);
    auto peer = co_await again.accept();
    co_await echo(std::move(peer));
  };
  auto visit = [](const retry_policy& how, const address& to) -> task<> {
    auto connect = [&to]() -> task<stream> { co_return co_await tcp::connect(to); };
    auto peer = co_await retry(how, connect);
    co_await expect_echo(peer, "hello");
  };
  co_await all(listen(refused, at), visit(policy, at));
}

BIGHT_TEST(interval, counts_as_many_periods_as_have_passed) {
  interval fast(2ms);
  const time_point start = co_await now();
  std::uint64_t ticks = 0;
  for (int i = 0; i < 20; ++i) {
    ticks += co_await fast.tick();
    const duration passed = co_await now() - start;
    EXPECT_EQ(ticks, static_cast<std::uint64_t>(passed / fast.period()));
    if (i % 5 == 0) co_await sleep(3ms);
  }
  EXPECT_GE(ticks, 20u);
}

BIGHT_TEST(yield, lets_sockets_be_served) {
  auto pair = co_await connected();
  bool served = false;
  auto talk = [](ends& of, bool& done) -> task<> {
    co_await all(echo(std::move(of.there)), [](stream& here, bool& over) -> task<> {
      co_await expect_echo(here, "hello");
      here.shutdown_send();
      over = true;
    }(of.here, done));
  };
  auto compute = [](const bool& done) -> task<> {
    while (!done) co_await yield();
  };
  co_await within(patience, all(talk(pair, served), compute(served)));
}

BIGHT_TEST(random_numbers, differ_from_call_to_call) {
  auto random = co_await random_numbers();
  std::vector<std::uint64_t> drawn;
  for (int i = 0; i < 1000; ++i) drawn.push_back(random());
  std::sort(drawn.begin(), drawn.end());
  EXPECT_EQ(std::adjacent_find(drawn.begin(), drawn.end()), drawn.end());
  std::array<std::byte, 600> token{};
  std::array<std::byte, 600> other{};
  random.fill(token);
  random.fill(other);
  EXPECT_NE(token, other);
}

}  // namespace contract
