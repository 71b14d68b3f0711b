// SPDX-License-Identifier: MIT
//
// The same worlds on every compiler, at every level of optimisation, under every sanitizer: the
// tables of hashes beside this file. BIGHT_GOLDEN=write makes them anew.

#include "scenario/scenario.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <openssl/crypto.h>

namespace scenario {

namespace {

constexpr std::uint64_t seeds = 30;  // of each scenario

std::uint64_t hash_of(const entry& e, std::uint64_t seed) {
  sim::world_options how;
  how.seed = seed;
  how.faults = sim::fault_plan::drawn(seed, e.from);
  sim::world net(how);
  e.play(net, e.size);
  return net.hash();
}

std::string hashes(bool tls) {
  std::string all;
  for (const entry& e : every())
    for (std::uint64_t seed = 1; seed <= seeds && e.tls == tls; ++seed)
      all += fmt::format("{} {} {:016x}\n", e.name, seed, hash_of(e, seed));
  return all;
}

// What the table says; `found` is written into it first when that is asked for.
std::string table(const char* name, const std::string& found) {
  const auto path = std::filesystem::path(__FILE__).parent_path() / name;
  if (std::getenv("BIGHT_GOLDEN") != nullptr) std::ofstream(path) << found;
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(Golden, worlds_are_the_same_whatever_compiled_them) {
  const std::string found = hashes(false);
  EXPECT_EQ(found, table("golden_hashes.txt", found)) << "BIGHT_GOLDEN=write makes it anew";
}

// The bytes are OpenSSL's, and another version may choose others.
TEST(Golden, worlds_with_tls_are_the_same_whatever_compiled_them) {
  const std::string by = fmt::format("{}\n", OpenSSL_version(OPENSSL_VERSION_STRING));
  const std::string found = by + hashes(true);
  const std::string expected = table("golden_hashes_tls.txt", found);
  if (!expected.starts_with(by)) GTEST_SKIP() << "the table is of another OpenSSL than " << by;
  EXPECT_EQ(found, expected) << "BIGHT_GOLDEN=write makes it anew";
}

}  // namespace

}  // namespace scenario
