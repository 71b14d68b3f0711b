// SPDX-License-Identifier: MIT
#include "parity/equivalence.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace parity {

namespace {

using namespace bight;
using namespace bight::machinery;

// How a script is played: first among many others; what has come out differently with more time
// and fewer beside it, because on a busy machine a step may not have settled in time.
struct round {
  duration pace;  // for a step to settle in
  std::size_t at_a_time;
};

constexpr round rounds[] = {{1ms, 200}, {20ms, 20}, {100ms, 4}};

std::uint64_t number(const char* name, std::uint64_t otherwise) {
  const char* set = std::getenv(name);
  return set == nullptr ? otherwise : std::strtoull(set, nullptr, 0);
}

std::vector<script> scripts(std::uint64_t first, std::uint64_t count) {
  std::vector<script> all;
  for (std::uint64_t i = 0; i < count; ++i) all.push_back(generate(first + i));
  return all;
}

struct contestant {
  const char* name;
  engine_choice engine;
};

const contestant engines[] = {
    {"epoll", engine_choice::epoll}, {"uring", engine_choice::uring}, {"sim", engine_choice::sim}};

// What a race may come out as: for each step's line of a record, every text that it may be.
using allowed_lines = std::vector<std::set<std::string>>;

bool is_allowed(const std::string& shown, const allowed_lines& allowed) {
  std::istringstream lines(shown);
  std::string line;
  for (const auto& texts : allowed)
    if (!std::getline(lines, line) || !texts.contains(line)) return false;
  return !allowed.empty();
}

void allow(allowed_lines& allowed, std::size_t steps, const std::string& shown) {
  allowed.resize(steps);
  std::istringstream lines(shown);
  std::string line;
  for (auto& texts : allowed)
    if (std::getline(lines, line)) texts.insert(line);
}

// Why these records of one script, one an engine, are not the same; empty when they are.
std::string difference(const script& s, const std::vector<record>& records,
                       const allowed_lines& allowed) {
  std::set<std::string> seen;
  bool good = true;
  std::string words = text(s);
  for (std::size_t e = 0; e < records.size(); ++e) {
    const std::string shown = normal(s, records[e]);
    if (!is_allowed(shown, allowed)) seen.insert(shown);
    good = good && records[e].wrong.empty();
    words += fmt::format("on {}:\n{}", engines[e].name, text(s, records[e]));
  }
  // Of a race every step that comes out as in none of its orders is too much.
  return good && seen.size() <= (allowed.empty() ? 1 : 0) ? std::string() : words;
}

// The records of each script on every engine.
std::vector<std::vector<record>> on_every_engine(const std::vector<script>& all, duration pace,
                                                 std::size_t at_once) {
  std::vector<std::vector<record>> records(all.size());
  for (const contestant& c : engines) {
    auto played = play_all(all, c.engine, pace, at_once);
    for (std::size_t i = 0; i < all.size(); ++i) records[i].push_back(std::move(played[i]));
  }
  return records;
}

// What the races may come out as, by the script's seed: each step as in one of their orders, on any
// engine.
std::map<std::uint64_t, allowed_lines> outcomes_of_races(const std::vector<script>& all,
                                                         duration pace, std::size_t at_once) {
  std::map<std::uint64_t, allowed_lines> allowed;
  for (const order o : {order::written, order::exchanged, order::between}) {
    std::vector<script> serial;
    std::vector<script> racing;
    for (const script& s : all) {
      auto ordered = in_order(s, o);
      if (!ordered) continue;
      racing.push_back(s);
      serial.push_back(*std::move(ordered));
    }
    const auto records = on_every_engine(serial, pace, at_once);
    for (std::size_t i = 0; i < racing.size(); ++i)
      for (const record& r : records[i])
        allow(allowed[racing[i].seed], racing[i].steps.size(),
              normal(racing[i], as_race(racing[i], r, o)));
  }
  return allowed;
}

// The scripts whose records differ, and in what.
std::vector<std::pair<script, std::string>> differing(const std::vector<script>& all, duration pace,
                                                      std::size_t at_once) {
  const auto records = on_every_engine(all, pace, at_once);
  auto allowed = outcomes_of_races(all, pace, at_once);
  std::vector<std::pair<script, std::string>> found;
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::string words = difference(all[i], records[i], allowed[all[i].seed]);
    if (!words.empty()) found.emplace_back(all[i], std::move(words));
  }
  return found;
}

TEST(Parity, generated_conversations_look_the_same_on_every_engine) {
  const auto all = scripts(number("BIGHT_SCRIPT_SEED", 1), number("BIGHT_SCRIPTS", 2000));
  std::vector<script> left = all;
  std::string played;
  std::vector<std::pair<script, std::string>> found;
  for (const round& r : rounds) {
    played += fmt::format(" {}", left.size());
    found = differing(left, r.pace, r.at_a_time);
    left.clear();
    for (const auto& each : found) left.push_back(each.first);
  }
  std::string seeds;
  for (const script& s : left) seeds += fmt::format(" {}", s.seed);
  for (std::size_t i = 0; i < found.size() && i < 5; ++i) ADD_FAILURE() << found[i].second;
  EXPECT_EQ(found.size(), 0u) << "of" << played << " scripts in these rounds; seeds:" << seeds;
}

}  // namespace

}  // namespace parity
