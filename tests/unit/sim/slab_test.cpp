// SPDX-License-Identifier: MIT
#include "sim/slab.hpp"

#include <gtest/gtest.h>

#include <set>

namespace bight::sim {
namespace {

struct thing {
  int value = 0;
  std::uint32_t next = nothing;
};

TEST(slab, gives_each_object_a_unique_number) {
  slab<thing> all;
  std::set<std::uint32_t> numbers;
  for (int i = 0; i < 1000; ++i) numbers.insert(all.make());
  EXPECT_EQ(numbers.size(), 1000u);
  EXPECT_EQ(all.live(), 1000u);
  EXPECT_EQ(all.end(), 1000u);
}

TEST(slab, objects_do_not_move) {
  slab<thing> all;
  const std::uint32_t first = all.make();
  thing* const there = &all[first];
  for (int i = 0; i < 10'000; ++i) static_cast<void>(all.make());
  EXPECT_EQ(&all[first], there);
}

TEST(slab, the_last_freed_slot_is_reused_first) {
  slab<thing> all;
  for (int i = 0; i < 600; ++i) static_cast<void>(all.make());
  all.free(7);
  all.free(300);
  EXPECT_EQ(all.live(), 598u);
  EXPECT_EQ(all.make(), 300u);
  EXPECT_EQ(all.make(), 7u);
  EXPECT_EQ(all.make(), 600u);
  EXPECT_EQ(all.live(), 601u);
  EXPECT_EQ(all.end(), 601u);
}

TEST(slab, an_object_keeps_its_value_when_it_is_freed) {
  slab<thing> all;
  const std::uint32_t i = all.make();
  all[i].value = 5;
  all.free(i);
  EXPECT_EQ(all.make(), i);
  EXPECT_EQ(all[i].value, 5);
}

TEST(fifo, returns_the_oldest_first) {
  slab<thing> all;
  fifo queue;
  EXPECT_TRUE(queue.empty());
  for (int i = 0; i < 5; ++i) queue.push(all, all.make());
  for (std::uint32_t i = 0; i < 5; ++i) EXPECT_EQ(queue.pop(all), i);
  EXPECT_TRUE(queue.empty());
}

TEST(fifo, an_element_put_back_at_the_front_is_returned_first) {
  slab<thing> all;
  fifo queue;
  for (int i = 0; i < 3; ++i) static_cast<void>(all.make());
  queue.push_front(all, 1);  // into an empty one: front and back
  queue.push(all, 2);
  queue.push_front(all, 0);
  for (std::uint32_t i = 0; i < 3; ++i) EXPECT_EQ(queue.pop(all), i);
  EXPECT_TRUE(queue.empty());
  queue.push(all, 0);  // and it can be filled again
  EXPECT_EQ(queue.pop(all), 0u);
}

}  // namespace
}  // namespace bight::sim
