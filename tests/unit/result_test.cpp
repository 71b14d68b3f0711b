// SPDX-License-Identifier: MIT
#include <bight/result.hpp>

#include <gtest/gtest.h>

#include <memory>

namespace bight {
namespace {

TEST(result, holds_a_value) {
  result<int> r = 7;
  EXPECT_TRUE(r);
  EXPECT_TRUE(r.has_value());
  EXPECT_EQ(*r, 7);
  EXPECT_EQ(r.value(), 7);
}

TEST(result, holds_an_error_that_value_throws) {
  result<int> r = error(errc::reset, "recv");
  EXPECT_FALSE(r);
  EXPECT_TRUE(r.error().is(errc::reset));
  EXPECT_THROW((void)r.value(), error);
  EXPECT_THROW((void)*r, error);
}

TEST(result, moves_a_move_only_value_out) {
  result<std::unique_ptr<int>> r = std::make_unique<int>(3);
  const auto taken = *std::move(r);
  EXPECT_EQ(*taken, 3);
}

TEST(result, of_nothing_holds_success_or_an_error) {
  result<> good;
  EXPECT_TRUE(good);
  EXPECT_NO_THROW(good.value());
  const result<> bad = error(errc::closed, "send");
  EXPECT_FALSE(bad);
  EXPECT_THROW(bad.value(), error);
}

TEST(result, can_be_read_when_it_is_const) {
  const result<std::string> r = std::string("abc");
  EXPECT_EQ(*r, "abc");
  EXPECT_EQ(r.value(), "abc");
  EXPECT_EQ(r->size(), 3u);
}

TEST(result, of_a_result_keeps_both_levels) {
  result<result<int>> r = result<int>(error(errc::reset, "recv"));
  ASSERT_TRUE(r);
  EXPECT_FALSE(*r);
}

}  // namespace
}  // namespace bight
