// SPDX-License-Identifier: MIT
// Times and sizes on the command line, and what is said of those that are none.
#include "cli/units.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <exception>
#include <string>
#include <utility>

namespace tool {
namespace {

using namespace std::chrono_literals;

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

TEST(units, of_sizes_are_known_in_either_case) {
  constexpr std::pair<const char*, std::uint64_t> sizes[] = {{"3", 3},
                                                             {"3b", 3},
                                                             {"3k", 3ull << 10},
                                                             {"3kB", 3'000},
                                                             {"3KiB", 3 << 10},
                                                             {"3M", 3ull << 20},
                                                             {"3MB", 3'000'000},
                                                             {"3mib", 3ull << 20},
                                                             {"3g", 3ull << 30},
                                                             {"3GB", 3'000'000'000},
                                                             {"3GiB", 3ull << 30},
                                                             {"3T", 3ull << 40},
                                                             {"3tb", 3'000'000'000'000},
                                                             {"3TiB", 3ull << 40},
                                                             {"8192T", 9'007'199'254'740'992}};
  for (const auto& [text, bytes] : sizes) EXPECT_EQ(parse_size("-s", text), bytes) << text;
  EXPECT_EQ(refused([] { static_cast<void>(parse_size("-s", "8193T")); }),
            "-s \"8193T\": too large");
}

TEST(units, of_times_are_known) {
  constexpr std::pair<const char*, bight::duration> times[] = {
      {"3", 3s},    {"3ns", 3ns},   {"3us", 3us}, {"3ms", 3ms}, {"3s", 3s},
      {"3m", 3min}, {"3min", 3min}, {"3h", 3h},   {"3d", 72h},  {"1.5s", 1500ms}};
  for (const auto& [text, time] : times) EXPECT_EQ(parse_duration("-t", text), time) << text;
}

TEST(units, counts_are_from_the_least_to_the_most) {
  EXPECT_EQ(parse_count("-n", "2", 2, 5), 2u);
  EXPECT_EQ(parse_count("-n", "5", 2, 5), 5u);
  for (const char* text : {"", "1", "6", "3x", "x3", "+3", "-3", " 3", "99999999999999999999"})
    EXPECT_EQ(refused([text] { static_cast<void>(parse_count("-n", text, 2, 5)); }),
              "-n \"" + std::string(text) + "\": not a number from 2 to 5");
}

TEST(units, are_shown_in_readable_form) {
  constexpr std::pair<bight::duration, const char*> times[] = {
      {0ns, "0 ms"},   {250ms, "250 ms"}, {999ms, "999 ms"},   {1s, "1 s"},    {1500ms, "1.5 s"},
      {119s, "119 s"}, {120s, "2 min"},   {119min, "119 min"}, {120min, "2 h"}};
  for (const auto& [time, text] : times) EXPECT_EQ(shown_duration(time), text);
  constexpr std::pair<std::uint64_t, const char*> sizes[] = {
      {0, "0 bytes"},
      {1, "1 byte"},
      {2, "2 bytes"},
      {999, "999 bytes"},
      {1000, "1.0 kB"},
      {999'949, "999.9 kB"},
      {999'950, "1.0 MB"},
      {1'500'000'000, "1.5 GB"},
      {2'000'000'000'000, "2.0 TB"},
      {3'000'000'000'000'000, "3.0 PB"},
      {4'000'000'000'000'000'000, "4000.0 PB"}};
  for (const auto& [bytes, text] : sizes) EXPECT_EQ(shown_size(bytes), text);
}

TEST(units, an_invalid_size_is_refused_with_the_reason) {
  const auto reason = [](const char* text) {
    return refused([text] { static_cast<void>(parse_size("-s", text)); });
  };
  const std::string hint = "write a size as 512, 64k, 10MB or 1GiB";
  for (const char* text : {"", "k", ".5k", "5.k", "1.2.3", "..", "x5"})
    EXPECT_EQ(reason(text), "-s \"" + std::string(text) + "\": not a size; " + hint);
  EXPECT_EQ(reason("-1"), "-s \"-1\": a size cannot be negative; " + hint);
  EXPECT_EQ(reason("5q"), "-s \"5q\": \"q\" is not a unit of size; " + hint);
}

TEST(units, an_invalid_time_is_refused_with_the_reason) {
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
