// SPDX-License-Identifier: MIT
#include <bight/lease.hpp>

#include "base/names.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace bight {
namespace {

// A buffer of an engine that notes when it came back.
struct buffer : lease_block {
  char bytes[16] = "hello, world...";
  int released = 0;
  buffer() {
    release = [](lease_block& b) noexcept { ++static_cast<buffer&>(b).released; };
  }
  lease lend(std::size_t n) { return {*this, reinterpret_cast<const std::byte*>(bytes), n}; }
};

TEST(lease, is_empty_and_false_at_first) {
  const lease none;
  EXPECT_TRUE(none.empty());
  EXPECT_FALSE(none);
  EXPECT_EQ(none.str(), "");
  EXPECT_EQ(none, "");
}

TEST(lease, is_compared_with_all_of_a_literal_and_with_the_text_of_a_buffer) {
  const lease five = lease::copy_of("ab\0cd");
  EXPECT_EQ(five.size(), 5u);
  EXPECT_TRUE(five == "ab\0cd");
  EXPECT_TRUE("ab\0cd" == five);
  EXPECT_FALSE(five == "ab");
  EXPECT_TRUE(five != "ab\0ce");
  char room[100] = "abc";
  EXPECT_EQ(lease::copy_of(room).size(), 3u);
  EXPECT_TRUE(lease::copy_of("abc") == room);
}

TEST(lease, views_the_bytes_where_they_lie) {
  buffer b;
  const lease l = b.lend(5);
  EXPECT_TRUE(l);
  EXPECT_EQ(l, "hello");
  EXPECT_EQ(l.size(), 5u);
  EXPECT_EQ(std::string_view(l), "hello");
  EXPECT_EQ(static_cast<const void*>(l.data()), static_cast<const void*>(b.bytes));
  const std::span<const std::byte> bytes = l;
  EXPECT_EQ(bytes.size(), 5u);
}

TEST(lease, releases_its_buffer_with_the_last_copy) {
  buffer b;
  {
    lease first = b.lend(5);
    const lease second = first;
    EXPECT_EQ(b.refs, 2u);
    first.reset();
    EXPECT_EQ(b.released, 0);
    EXPECT_EQ(second, "hello");
  }
  EXPECT_EQ(b.released, 1);
  EXPECT_EQ(b.refs, 0u);
}

TEST(lease, moves_without_counting) {
  buffer b;
  lease first = b.lend(5);
  lease second = std::move(first);
  EXPECT_EQ(b.refs, 1u);
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): empty is the contract
  first = std::move(second);
  EXPECT_EQ(b.refs, 1u);
  EXPECT_EQ(first, "hello");
}

TEST(lease, assignment_releases_the_old_buffer) {
  buffer one;
  buffer two;
  lease l = one.lend(5);
  l = two.lend(3);
  EXPECT_EQ(one.released, 1);
  EXPECT_EQ(l, "hel");
  lease& same = l;
  l = same;
  EXPECT_EQ(l, "hel");
  EXPECT_EQ(two.refs, 1u);
}

TEST(lease, take_front_splits_one_buffer) {
  buffer b;
  lease rest = b.lend(12);
  const lease front = rest.take_front(5);
  EXPECT_EQ(front, "hello");
  EXPECT_EQ(rest, ", world");
  EXPECT_EQ(b.refs, 2u);
}

TEST(lease, take_front_of_everything_leaves_nothing) {
  buffer b;
  lease rest = b.lend(5);
  const lease front = rest.take_front(5);
  EXPECT_EQ(front, "hello");
  EXPECT_TRUE(rest.empty());
  EXPECT_EQ(b.refs, 1u);
  lease more = front;
  EXPECT_EQ(more.take_front(99), "hello");
}

TEST(lease, take_front_of_nothing_holds_no_buffer) {
  buffer b;
  lease rest = b.lend(5);
  const lease front = rest.take_front(0);
  EXPECT_TRUE(front.empty());
  EXPECT_EQ(rest, "hello");
  EXPECT_EQ(b.refs, 1u);
  lease none;
  EXPECT_TRUE(none.take_front(0).empty());
  EXPECT_TRUE(none.take_front(3).empty());
}

TEST(lease, drop_front_removes_a_part_and_at_last_releases_the_buffer) {
  buffer b;
  lease rest = b.lend(12);
  rest.drop_front(0);
  EXPECT_EQ(rest, "hello, world");
  rest.drop_front(7);
  EXPECT_EQ(rest, "world");
  EXPECT_EQ(b.refs, 1u);
  rest.drop_front(99);
  EXPECT_TRUE(rest.empty());
  EXPECT_EQ(b.released, 1);
  lease none;
  none.drop_front(1);
  EXPECT_TRUE(none.empty());
}

TEST(lease, the_front_outlives_the_rest) {
  buffer b;
  lease front;
  {
    lease rest = b.lend(12);
    front = rest.take_front(5);
  }
  EXPECT_EQ(front, "hello");
  EXPECT_EQ(b.released, 0);
  front.reset();
  EXPECT_EQ(b.released, 1);
}

TEST(lease, copy_of_owns_its_bytes) {
  lease l;
  {
    const std::string text(1000, 'x');
    l = lease::copy_of(text);
  }
  EXPECT_EQ(l, std::string(1000, 'x'));
  lease front = l.take_front(1);
  l.reset();
  EXPECT_EQ(front, "x");
  EXPECT_TRUE(lease::copy_of("").empty());
}

TEST(lease, reset_twice_is_reset_once) {
  buffer b;
  lease l = b.lend(1);
  l.reset();
  l.reset();
  EXPECT_EQ(b.released, 1);
}

}  // namespace
}  // namespace bight
