// SPDX-License-Identifier: MIT
// Times and sizes on the command line, and what is said of those that are none.
#include "cli/units.hpp"

#include <gtest/gtest.h>

#include <exception>
#include <string>

namespace tool {
namespace {

template <class F>
std::string refused(F parse) {
  try {
    parse();
  } catch (const std::exception& e) {
    return e.what();
  }
  return "taken";
}

TEST(units, sizes_are_powers_of_two_or_ten_by_their_unit) {
  EXPECT_EQ(parse_size("-s", "512"), 512u);
  EXPECT_EQ(parse_size("-s", "64k"), 65536u);
  EXPECT_EQ(parse_size("-s", "10MB"), 10'000'000u);
  EXPECT_EQ(parse_size("-s", "1.5GiB"), 1'610'612'736u);
}

TEST(units, of_a_size_that_is_none_the_reason_is_given) {
  const auto reason = [](const char* text) {
    return refused([text] { static_cast<void>(parse_size("-s", text)); });
  };
  const std::string hint = "write a size as 512, 64k, 10MB or 1GiB";
  for (const char* text : {"", "k", ".5k", "5.k", "1.2.3", "..", "x5"})
    EXPECT_EQ(reason(text), "-s \"" + std::string(text) + "\": not a size; " + hint);
  EXPECT_EQ(reason("-1"), "-s \"-1\": a size cannot be negative; " + hint);
  EXPECT_EQ(reason("5q"), "-s \"5q\": \"q\" is not a unit of size; " + hint);
}

TEST(units, of_a_time_that_is_none_the_reason_is_given) {
  const auto reason = [](const char* text) {
    return refused([text] { static_cast<void>(parse_duration("-t", text)); });
  };
  const std::string hint = "write a time as 500ms, 2s, 1.5m or 1h";
  for (const char* text : {"", "s", ".5s", "5.s", "1.2.3"})
    EXPECT_EQ(reason(text), "-t \"" + std::string(text) + "\": not a time; " + hint);
  EXPECT_EQ(reason("-1"), "-t \"-1\": a time cannot be negative; " + hint);
  EXPECT_EQ(reason("5q"), "-t \"5q\": \"q\" is not a unit of time; " + hint);
  EXPECT_EQ(reason("367d"), "-t \"367d\": longer than a year");
  EXPECT_EQ(reason("366d"), "taken");
}

}  // namespace
}  // namespace tool
