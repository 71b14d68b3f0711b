// SPDX-License-Identifier: MIT
#include <bight/retry.hpp>

#include <bight/random.hpp>

#include "base/names.hpp"
#include "unit/sim/net.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

namespace bight::sim_test {
namespace {

template <class F>
auto run_in_world(F body, std::uint64_t seed = 1) {
  sim::world_options options;
  options.seed = seed;
  sim::world net(options);
  return net.add("host").run(body());
}

// Fails `times` times, taking a second each.
struct failing {
  int times;
  int* calls;
  errc why = errc::refused;

  task<int> operator()() const {
    co_await sleep(1s);
    if (++*calls <= times) throw error(why, "attempt " + std::to_string(*calls));
    co_return *calls;
  }
};

retry_policy without_jitter() {
  retry_policy policy;
  policy.jitter = 0;
  return policy;
}

TEST(retry, returns_the_first_success_after_waits_that_double_up_to_their_limit) {
  const auto body = []() -> task<std::vector<duration>> {
    std::vector<duration> waits;
    retry_policy policy = without_jitter();
    policy.attempts_max = 6;
    policy.wait_first = 1s;
    policy.wait_max = 5s;
    policy.on_retry = [&waits](const error& e, duration wait) {
      EXPECT_EQ(e.tried(), "attempt " + std::to_string(waits.size() + 1));
      waits.push_back(wait);
    };
    int calls = 0;
    const time_point start = co_await now();
    EXPECT_EQ(co_await retry(policy, failing{5, &calls}), 6);
    EXPECT_EQ(co_await now() - start, 6 * 1s + 1s + 2s + 4s + 5s + 5s);
    co_return waits;
  };
  EXPECT_EQ(run_in_world(body), (std::vector<duration>{1s, 2s, 4s, 5s, 5s}));
}

TEST(retry, fails_with_the_last_error_after_the_last_attempt) {
  run_in_world([]() -> task<> {
    int calls = 0;
    auto ended = co_await attempt(retry(without_jitter(), failing{100, &calls}));
    EXPECT_EQ(calls, 5);
    EXPECT_TRUE(fails(ended, errc::refused));
    EXPECT_EQ(ended.error().tried(), "attempt 5");
  });
}

TEST(retry, repeats_only_what_its_policy_repeats) {
  run_in_world([]() -> task<> {
    int calls = 0;
    EXPECT_TRUE(fails(co_await attempt(retry(without_jitter(), failing{9, &calls, errc::denied})),
                      errc::denied));
    EXPECT_EQ(calls, 1);
    retry_policy policy = without_jitter();
    policy.repeats = [](const error& e) { return e.is(errc::denied); };
    calls = 0;
    EXPECT_EQ(co_await retry(policy, failing{1, &calls, errc::denied}), 2);
    calls = 0;
    auto odd = [&calls]() -> task<> {
      ++calls;
      throw std::runtime_error("not of Bight");
      co_return;
    };
    bool thrown = false;
    try {
      co_await retry(policy, odd);
    } catch (const std::runtime_error&) {
      thrown = true;
    }
    EXPECT_TRUE(thrown);
    EXPECT_EQ(calls, 1);
  });
}

TEST(retry, ends_when_the_total_time_is_over) {
  run_in_world([]() -> task<> {
    retry_policy policy = without_jitter();
    policy.attempts_max = 1000;
    policy.wait_first = 4s;
    policy.factor = 1;
    policy.time_max = 13s;  // attempts end after 1 s, 6 s and 11 s; the next wait ends too late
    int calls = 0;
    const time_point start = co_await now();
    EXPECT_TRUE(fails(co_await attempt(retry(policy, failing{1000, &calls})), errc::refused));
    EXPECT_EQ(co_await now() - start, 11s);
    auto forever = [] { return sleep(1h); };
    auto late = co_await attempt(retry(policy, forever));
    EXPECT_TRUE(fails(late, errc::timed_out));
    EXPECT_EQ(co_await now() - start, 24s);
    EXPECT_STREQ(late.error().what(), "sleep: timed out after 13 s");
  });
}

TEST(retry, can_be_cancelled_in_an_attempt_and_in_a_wait) {
  for (const duration limit : {500ms, 1500ms})
    run_in_world([limit]() -> task<> {
      retry_policy policy = without_jitter();
      policy.wait_first = 1s;
      int calls = 0;
      auto racing = race(retry(policy, failing{9, &calls}), sleep(limit));
      EXPECT_EQ((co_await std::move(racing)).index(), 1u);
      EXPECT_EQ(calls, limit < 1s ? 0 : 1);
    });
}

TEST(retry, draws_its_waits_between_the_whole_and_what_jitter_leaves) {
  run_in_world([]() -> task<> {
    std::vector<duration> waits;
    retry_policy policy;
    policy.attempts_max = 200;
    policy.time_max = 24h;
    policy.wait_first = policy.wait_max = 1s;
    policy.jitter = 0.25;
    policy.on_retry = [&waits](const error&, duration wait) { waits.push_back(wait); };
    int calls = 0;
    co_await retry(policy, failing{199, &calls});
    const auto [least, most] = std::minmax_element(waits.begin(), waits.end());
    EXPECT_GE(*least, 750ms);
    EXPECT_LT(*least, 760ms);
    EXPECT_LE(*most, 1s);
    EXPECT_GT(*most, 990ms);
  });
}

TEST(retry, connects_once_the_server_has_started) {
  two_hosts w;
  w.b.start([]() -> task<> {
    co_await sleep(3s);
    co_await serve_echo();
  });
  w.a.run([]() -> task<> {
    retry_policy policy;
    policy.attempts_max = 20;
    auto connect = []() -> task<stream> { co_return co_await tcp::connect("b:7"); };
    auto peer = co_await retry(policy, connect);
    co_await peer.send("x");
    EXPECT_EQ(co_await peer.recv(), "x");
  }());
}

task<std::array<std::uint64_t, 100>> draw() {
  auto random = co_await random_numbers();
  std::array<std::uint64_t, 100> drawn;
  for (auto& one : drawn) one = random();
  co_return drawn;
}

TEST(random_numbers, follow_from_the_seed_of_a_world) {
  const auto first = run_in_world(draw, 1);
  EXPECT_EQ(first, run_in_world(draw, 1));
  EXPECT_NE(first, run_in_world(draw, 2));
}

TEST(random_numbers, below_a_bound_reach_all_of_them) {
  run_in_world([]() -> task<> {
    auto random = co_await random_numbers();
    std::array<int, 6> seen{};
    for (int i = 0; i < 6000; ++i) ++seen.at(random.below(6));
    for (const int count : seen) EXPECT_NEAR(count, 1000, 200);
    EXPECT_EQ(random.below(1), 0u);
    EXPECT_LT(random.below(std::numeric_limits<std::uint64_t>::max()), ~std::uint64_t{0});
    for (int i = 0; i < 100; ++i) EXPECT_LT(random.below(5ns), 5ns);
    std::vector<int> cards(52);
    for (int i = 0; i < 52; ++i) cards[static_cast<std::size_t>(i)] = i;
    const auto sorted = cards;
    std::shuffle(cards.begin(), cards.end(), random);
    EXPECT_NE(cards, sorted);
    std::array<std::byte, 1000> token{};
    random.fill(token);
    EXPECT_NE(token, (std::array<std::byte, 1000>{}));
  });
}

}  // namespace
}  // namespace bight::sim_test
