// SPDX-License-Identifier: MIT
//
// The same worlds on every compiler, at every level of optimisation, under every sanitizer: the
// table of hashes beside this file. BIGHT_GOLDEN=write makes it anew.

#include "scenario/scenario.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

namespace scenario {

namespace {

constexpr std::uint64_t seeds = 30;  // of each scenario

std::filesystem::path table() {
  return std::filesystem::path(__FILE__).parent_path() / "golden_hashes.txt";
}

std::uint64_t hash_of(const entry& e, std::uint64_t seed) {
  sim::world_options how;
  how.seed = seed;
  how.faults = sim::fault_plan::drawn(seed, e.from);
  sim::world net(how);
  e.play(net, e.size);
  return net.hash();
}

std::string hashes() {
  std::string all;
  for (const entry& e : every())
    for (std::uint64_t seed = 1; seed <= seeds; ++seed)
      all += fmt::format("{} {} {:016x}\n", e.name, seed, hash_of(e, seed));
  return all;
}

TEST(Golden, worlds_are_the_same_whatever_compiled_them) {
  const std::string found = hashes();
  if (const char* wanted = std::getenv("BIGHT_GOLDEN"); wanted != nullptr)
    std::ofstream(table()) << found;
  std::ifstream file(table());
  std::stringstream expected;
  expected << file.rdbuf();
  EXPECT_EQ(found, expected.str()) << "BIGHT_GOLDEN=write makes the table anew";
}

}  // namespace

}  // namespace scenario
