// SPDX-License-Identifier: MIT
#include <bight/sim_faults.hpp>

#include <bight/error.hpp>

#include <gtest/gtest.h>

#include <algorithm>

namespace bight::sim {
namespace {

TEST(random_stream, follows_from_the_seed_and_the_purpose) {
  random_stream a(7, "x");
  random_stream b(7, "x");
  random_stream other_purpose(7, "y");
  random_stream other_seed(8, "x");
  const std::uint64_t first = a.next();
  EXPECT_EQ(first, b.next());
  EXPECT_NE(first, other_purpose.next());
  EXPECT_NE(first, other_seed.next());
}

TEST(random_stream, stays_below_and_reaches_everything_below) {
  random_stream draw(1);
  int seen[10] = {};
  for (int i = 0; i < 10'000; ++i) ++seen[draw.below(10)];
  for (const int n : seen) EXPECT_NEAR(n, 1000, 150);
  EXPECT_EQ(draw.below(0), 0u);
  EXPECT_EQ(draw.below(1), 0u);
}

TEST(random_stream, draws_with_a_given_probability) {
  random_stream draw(1);
  EXPECT_FALSE(draw.chance(0));
  int hits = 0;
  for (int i = 0; i < 10'000; ++i) {
    hits += draw.chance(0.25);
    EXPECT_TRUE(draw.chance(1));
  }
  EXPECT_NEAR(hits, 2500, 200);
}

TEST(random_stream, draws_every_octave_alike) {
  random_stream draw(1);
  int small = 0;
  for (int i = 0; i < 10'000; ++i) {
    const std::uint64_t n = draw.log_uniform(1, 1023);
    ASSERT_GE(n, 1u);
    ASSERT_LE(n, 1023u);
    small += n < 32;  // five octaves of ten
  }
  EXPECT_NEAR(small, 5000, 250);
  EXPECT_EQ(draw.log_uniform(5, 5), 5u);
}

TEST(families, are_printed_and_parsed) {
  const families some = family::loss | family::clog;
  EXPECT_EQ(some.str(), "loss,clog");
  EXPECT_EQ(families::parse("clog,loss"), some);
  EXPECT_EQ(families::parse("none"), families());
  EXPECT_EQ(families::parse(families::all().str()), families::all());
  EXPECT_EQ(some.without(family::loss).str(), "clog");
  EXPECT_THROW(static_cast<void>(families::parse("loss,bad luck")), error);
}

TEST(fault_plan, follows_from_the_seed_and_has_only_allowed_faults) {
  bool none = false;
  bool many = false;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const fault_plan plan = fault_plan::drawn(seed);
    EXPECT_EQ(plan.on, fault_plan::drawn(seed).on);
    EXPECT_FALSE(plan.on.has(family::crash));
    none = none || plan.on.empty();
    many = many || plan.on.str().size() > 100;
    EXPECT_TRUE(fault_plan::drawn(seed, family::loss).on.without(family::loss).empty());
  }
  EXPECT_TRUE(none);
  EXPECT_TRUE(many);
}

}  // namespace
}  // namespace bight::sim
