// SPDX-License-Identifier: MIT
#include <bight/time.hpp>

#include "base/names.hpp"

#include <gtest/gtest.h>

namespace bight {
namespace {

TEST(time, later_adds) { EXPECT_EQ(later(time_point(1s), 2s), time_point(3s)); }

TEST(time, later_stops_at_the_end_of_time) {
  EXPECT_EQ(later(time_point(1s), duration::max()), time_point::max());
  EXPECT_EQ(later(time_point::max(), 1ns), time_point::max());
  EXPECT_EQ(later(time_point::max() - 5ns, 5ns), time_point::max());
}

TEST(time, later_by_less_than_nothing_is_earlier) {
  EXPECT_EQ(later(time_point(3s), -1s), time_point(2s));
  EXPECT_EQ(later(time_point::max(), -1s), time_point::max() - 1s);
}

TEST(time, later_than_a_moment_before_the_start_does_not_overflow) {
  EXPECT_EQ(later(time_point(-1s), duration::max()), time_point::max() - 1s);
}

}  // namespace
}  // namespace bight
