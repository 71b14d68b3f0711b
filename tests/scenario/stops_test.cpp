// SPDX-License-Identifier: MIT
//
// Each program of each scenario, stopped at every point where it can wait, one at a time: nothing
// may be left over, nobody may hang, and no byte may be invented.

#include "scenario/scenario.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>

namespace scenario {

namespace {

// One world with that cut; what was wrong, or nothing.
std::string play(const entry& e, std::uint64_t seed, sim::families faults, cut plan) {
  stage::plan = plan;
  sim::explore_options how;
  how.seeds = 1;
  how.first_seed = seed;
  how.from = faults;
  how.size = 1;
  how.twice_percent = 0;
  how.reduce_max = 0;
  std::string told;
  how.tell = [&told](std::string_view text) { told += text; };
  const auto all = sim::explore(e.name, how, sim::scenario(e.play));
  stage::plan = {};
  return all ? std::string() : told;
}

class Stops : public testing::TestWithParam<entry> {};

TEST_P(Stops, at_every_point_leave_nothing_and_block_nobody) {
  const entry& e = GetParam();
  std::uint64_t worlds = 0;
  // A good network, and one with everything.
  for (const auto& [seed, faults] : {std::pair(1, sim::families()), std::pair(5, e.from)}) {
    stage::moments.clear();
    ASSERT_EQ(play(e, seed, faults, {}), "");
    const std::vector<duration> moments = std::move(stage::moments);
    std::vector<duration> times = moments;
    times.erase(std::unique(times.begin(), times.end()), times.end());
    const unsigned programs = stage::programs;
    for (unsigned p = 0; p < programs; ++p) {
      for (std::uint64_t m = 1; m <= moments.size(); ++m, ++worlds) {
        const std::string wrong = play(e, seed, faults, {cut::way::from_outside, p, m, {}});
        ASSERT_EQ(wrong, "") << fmt::format("program {} stopped at moment {}", p, m);
      }
      for (const duration at : times) {
        ++worlds;
        const std::string wrong = play(e, seed, faults, {cut::way::by_deadline, p, 0, at});
        ASSERT_EQ(wrong, "") << fmt::format("program {} stopped after {} ns", p, at.count());
      }
    }
  }
  std::printf("%-13s stopped at %llu points\n", e.name, static_cast<unsigned long long>(worlds));
}

INSTANTIATE_TEST_SUITE_P(scenario, Stops, testing::ValuesIn(every().begin(), every().end()),
                         [](const auto& of) { return std::string(of.param.name); });

}  // namespace

}  // namespace scenario
