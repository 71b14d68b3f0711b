// SPDX-License-Identifier: MIT
#include "cli/progress.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace tool {
namespace {

using namespace std::chrono_literals;
using bight::time_point;

constexpr time_point start{1h};

// A download of 10 MB that receives 100 kB each 100 ms, for two seconds.
progress two_seconds(std::uint64_t total = 10'000'000, std::uint64_t had = 0) {
  progress p;
  p.begin(total, had, start);
  for (std::uint64_t i = 1; i <= 20; ++i) p.add(had + i * 100'000, start + i * 100ms);
  return p;
}

TEST(progress, begins_with_the_changing_part_at_every_width) {
  progress p;
  p.wait_for("example.org");
  EXPECT_EQ(p.line(start, 80), "0 s  waiting for example.org");
  EXPECT_EQ(p.line(start + 12s, 80), "12 s  waiting for example.org");
  EXPECT_EQ(p.line(start + 12s, 10), "12 s  wai");
  EXPECT_EQ(p.line(start + 67s, 80), "1:07  waiting for example.org");
  EXPECT_EQ(p.line(start + 3700s, 80), "1:01:40  waiting for example.org");
  EXPECT_EQ(p.line(start + 12s, 1), "");
  EXPECT_EQ(p.line(start + 12s, 0), "");
}

TEST(progress, is_cut_between_characters) {
  EXPECT_EQ(waiting_line(1s, "h\xC3\xA9h\xC3\xA9", 8), "1 s  h\xC3\xA9");
}

TEST(progress, takes_the_longest_form_that_fits) {
  const std::pair<int, const char*> cases[] = {
      {80, " 20% [######                            ] 2.0 MB of 10.0 MB  1.0 MB/s  8 s left"},
      {60, " 20% [##            ] 2.0 MB of 10.0 MB  1.0 MB/s  8 s left"},
      {44, " 20% 2.0 MB of 10.0 MB  1.0 MB/s  8 s left"},
      {40, " 20% 2.0 MB  1.0 MB/s  8 s left"},
      {25, " 20%  1.0 MB/s  8 s"},
      {10, " 20% 8 s"},
      {6, " 20%"},
      {4, " 20"}};
  for (const auto& [width, line] : cases) EXPECT_EQ(two_seconds().line(start + 2s, width), line);
}

TEST(progress, is_at_100_percent_when_all_has_come) {
  EXPECT_EQ(two_seconds(2'000'000).line(start + 2s, 6), "100%");
}

TEST(progress, without_a_length_shows_the_time) {
  const std::pair<int, const char*> cases[] = {
      {80, "2.0 MB  1.0 MB/s  2 s"}, {20, "2.0 MB  1.0 MB/s"}, {14, "2.0 MB  2 s"}, {5, "2 s"}};
  for (const auto& [width, line] : cases) EXPECT_EQ(two_seconds(0).line(start + 2s, width), line);
}

TEST(progress, the_rate_falls_when_nothing_arrives_and_then_it_is_stalled) {
  progress p = two_seconds();
  EXPECT_EQ(p.line(start + 3s, 48), " 20% 2.0 MB of 10.0 MB  666.7 kB/s  12 s left");
  EXPECT_EQ(p.line(start + 4s, 90).substr(5),
            "[########                                ] 2.0 MB of 10.0 MB  stalled 2 s");
  EXPECT_EQ(p.line(start + 92s, 40), " 20% 2.0 MB of 10.0 MB  stalled 1:30");
  EXPECT_EQ(p.line(start + 14s, 30), " 20% 2.0 MB  stalled 12 s");
  EXPECT_EQ(p.line(start + 14s, 10), " 20% 12 s");
  EXPECT_EQ(two_seconds(0).line(start + 14s, 80), "2.0 MB  stalled 12 s");
  EXPECT_EQ(two_seconds(0).line(start + 14s, 15), "stalled 12 s");
}

TEST(progress, the_rate_is_that_of_the_last_seconds) {
  progress p = two_seconds();
  for (std::uint64_t i = 1; i <= 100; ++i) p.add(2'000'000 + i * 1000, start + 2s + i * 100ms);
  EXPECT_NE(p.line(start + 12s, 80).find("10.0 kB/s"), std::string::npos)
      << p.line(start + 12s, 80);
}

TEST(progress, resumed_bytes_do_not_count_for_the_rate) {
  EXPECT_EQ(two_seconds(10'000'000, 5'000'000).line(start + 2s, 40),
            " 70% 7.0 MB  1.0 MB/s  3 s left");
}

TEST(progress, names_the_cause_of_a_wait) {
  progress p = two_seconds(0);
  p.hold(progress::pause::output);
  EXPECT_EQ(p.line(start + 7s, 80), "2.0 MB  output stalled 5 s");
  p.hold(progress::pause::limit);
  EXPECT_EQ(p.line(start + 8s, 80), "2.0 MB  250.0 kB/s  8 s");
}

TEST(progress, counts_down_to_the_next_try) {
  progress p = two_seconds();
  p.wait_until(start + 10s);
  EXPECT_EQ(p.line(start + 7s, 80), "3 s  until the next attempt");
  EXPECT_EQ(p.line(start + 7001ms, 80), "3 s  until the next attempt");
  EXPECT_EQ(p.line(start + 9900ms, 80), "1 s  until the next attempt");
  p.wait_for("example.org");
  EXPECT_EQ(p.line(start + 10s, 80), "8 s  waiting for example.org") << "since the last byte";
}

TEST(progress, shows_nothing_beside_a_body_on_the_screen) {
  progress p;
  p.stop();
  p.begin(0, 0, start);
  p.wait_for("example.org");
  EXPECT_EQ(p.line(start + 5s, 80), "");
}

}  // namespace
}  // namespace tool
