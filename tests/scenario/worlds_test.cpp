// SPDX-License-Identifier: MIT
//
// Every scenario in many worlds, each with faults of its own.

#include "scenario/scenario.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

namespace scenario {

namespace {

std::uint64_t number(const char* name, std::uint64_t otherwise) {
  const char* set = std::getenv(name);
  return set == nullptr ? otherwise : std::strtoull(set, nullptr, 0);
}

class Worlds : public testing::TestWithParam<entry> {};

TEST_P(Worlds, whatever_fails_every_session_succeeds_in_the_end) {
  const entry& e = GetParam();
  sim::explore_options how;
  // 50,000 and more in all; fewer where a sanitizer makes each of them dear.
  const auto plain = std::count_if(every().begin(), every().end(), [](auto& x) { return !x.tls; });
  how.seeds = number("BIGHT_WORLDS", 50'000) / static_cast<std::uint64_t>(plain) + 1;
  if (e.tls) how.seeds /= 5;
  how.from = e.from;
  how.size = e.size;
  const auto all = sim::explore(e.name, how, sim::scenario(e.play));
  EXPECT_TRUE(all) << "the block above says how to play it again";
  std::printf(
      "%-13s %6llu worlds, %llu twice, %llu events, %llu faults, %.0f h of virtual time\n", e.name,
      static_cast<unsigned long long>(all.worlds), static_cast<unsigned long long>(all.twice),
      static_cast<unsigned long long>(all.events), static_cast<unsigned long long>(all.faults),
      std::chrono::duration<double, std::ratio<3600>>(all.time).count());
}

INSTANTIATE_TEST_SUITE_P(scenario, Worlds, testing::ValuesIn(every().begin(), every().end()),
                         [](const auto& of) { return std::string(of.param.name); });

}  // namespace

}  // namespace scenario
