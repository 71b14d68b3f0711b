// SPDX-License-Identifier: MIT
#include "sim/event_queue.hpp"

#include <bight/sim_faults.hpp>

#include <gtest/gtest.h>

#include <vector>

namespace bight::sim {
namespace {

TEST(event_queue, returns_the_earliest_first) {
  event_queue q;
  q.push(3s, event_kind::wake, 3, 0);
  q.push(1s, event_kind::wake, 1, 0);
  q.push(2s, event_kind::wake, 2, 0);
  for (std::uint32_t i = 1; i <= 3; ++i) EXPECT_EQ(q.pop().subject, i);
  EXPECT_TRUE(q.empty());
}

TEST(event_queue, at_equal_times_returns_the_one_pushed_first) {
  event_queue q;
  for (std::uint32_t i = 0; i < 100; ++i) q.push(1s, event_kind::wake, i, 0);
  for (std::uint32_t i = 0; i < 100; ++i) EXPECT_EQ(q.pop().subject, i);
}

TEST(event_queue, at_equal_times_a_shuffle_decides) {
  event_queue q;
  q.push(1s, event_kind::wake, 0, 0, 9);
  q.push(1s, event_kind::wake, 1, 0, 2);
  EXPECT_EQ(q.pop().subject, 1u);
  EXPECT_EQ(q.pop().subject, 0u);
}

TEST(event_queue, keeps_all_events) {
  event_queue q;
  q.push(5ns, event_kind::heal, 77, life_mask + 3);
  const event e = q.pop();
  EXPECT_EQ(e.at, 5ns);
  EXPECT_EQ(e.subject, 77u);
  EXPECT_EQ(std::uint32_t{e.life}, 2u);  // a life is counted modulo 2^24
  EXPECT_EQ(static_cast<event_kind>(std::uint32_t{e.kind}), event_kind::heal);
}

TEST(event_queue, is_in_order_whatever_is_pushed_and_popped) {
  random_stream draw(1);
  event_queue q;
  duration last{};
  for (int i = 0; i < 100'000; ++i) {
    if (q.empty() || draw.below(5) < 3)
      q.push(last + duration(draw.below(1000)), event_kind::wake, 0, 0);
    else {
      const duration at = q.pop().at;
      ASSERT_GE(at, last);
      last = at;
    }
  }
}

}  // namespace
}  // namespace bight::sim
