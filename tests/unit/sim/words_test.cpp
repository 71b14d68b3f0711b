// SPDX-License-Identifier: MIT
// What the simulator prints, word for word: events, families of faults, a failure.
#include "base/names.hpp"
#include "sim/replay.hpp"
#include "unit/sim/net.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <string>
#include <utility>

namespace bight::sim_test {
namespace {

class variable {
 public:
  variable(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
  variable(const variable&) = delete;
  variable& operator=(const variable&) = delete;
  ~variable() { unsetenv(name_); }

 private:
  const char* name_;
};

TEST(sim_words, each_kind_of_event_has_a_name) {
  using sim::happening;
  const std::pair<happening, std::string_view> names[] = {{happening::syn, "syn"},
                                                          {happening::syn_ack, "syn-ack"},
                                                          {happening::data, "data"},
                                                          {happening::fin, "fin"},
                                                          {happening::reset, "reset"},
                                                          {happening::datagram, "datagram"},
                                                          {happening::no_port, "no port"},
                                                          {happening::lost, "lost"},
                                                          {happening::local, "local"},
                                                          {happening::looked_up, "found"},
                                                          {happening::signalled, "signalled"},
                                                          {happening::program, "program"},
                                                          {happening::fault, "fault"},
                                                          {happening::note, "note"}};
  for (const auto& [kind, name] : names) EXPECT_EQ(sim::name_of(kind), name);
}

TEST(sim_words, of_an_event_are_one_line) {
  sim::trace_event e;
  e.number = 7;
  e.at = 1500ms;
  e.what = sim::happening::data;
  e.from = {4, 80, {10, 0, 0, 1}};
  e.to = {6, 81, {0xfd}};
  e.sequence = 5;
  e.length = 3;
  constexpr std::byte bytes[] = {std::byte{'a'}, std::byte{'\n'}, std::byte{'b'}};
  e.bytes = bytes;
  EXPECT_EQ(
      e.str(),
      "       7       1.500000s data      10.0.0.1:80 > [fd00::]:81 3 bytes at 5 \"a\\x0ab\"");
  sim::trace_event note;
  note.text = "midnight";
  EXPECT_EQ(note.str(), "       0       0.000000s note      midnight");
}

TEST(sim_words, families_of_faults_are_read_as_they_are_written) {
  using sim::families;
  const std::string all =
      "latency,jitter,rate,loss,burst_loss,duplicate,reorder,corrupt,packet_size,slow_pair,"
      "partition,clog,refuse,reset,short_io,accept_errors,descriptors,names,clocks,pause,crash,"
      "schedule,buffers";
  EXPECT_EQ(families::all().str(), all);
  EXPECT_EQ(families::parse(all).str(), all);
  EXPECT_EQ(families::parse("all").str(), all);
  EXPECT_EQ(families().str(), "none");
  EXPECT_EQ(families::parse("none").str(), "none");
  EXPECT_EQ(families::parse("reset,loss").str(), "loss,reset");
  EXPECT_EQ(families::parse("loss,").str(), "loss");
  try {
    static_cast<void>(families::parse("loss,rain"));
    ADD_FAILURE() << "rain is a family";
  } catch (const error& e) {
    EXPECT_STREQ(e.what(), "faults: \"rain\" is no family of faults");
  }
}

TEST(sim_words, of_a_failure_end_with_the_command_that_reproduces_it) {
  sim::finding f;
  f.what = "it broke";
  f.seed = 5;
  f.size = 3;
  f.faults.on = sim::family::loss | sim::family::reset;
  f.faults.most = 2;
  f.faults_struck = 1;
  f.event = 9;
  f.time = 1500ms;
  f.hash = 0x1f;
  EXPECT_THAT(sim::report("mine", f),
              testing::StartsWith("scenario mine: it broke\n"
                                  "  seed 5, size 3, event 9, after 1.5 s of virtual time, hash "
                                  "0x000000000000001f\n"
                                  "  faults: loss,reset (1 struck)\n"
                                  "  again:  bight sim replay --scenario mine --seed 5 --size 3 "
                                  "--faults loss,reset --faults-max 2 -- "));
  f.faults.most = static_cast<std::uint64_t>(-1);
  EXPECT_THAT(sim::command("mine", f), testing::HasSubstr("--size 3 --faults loss,reset -- "));
}

TEST(sim_words, of_the_environment_are_what_a_replay_shows) {
  const variable seed("BIGHT_SIM_SEED", "0x1F");
  const variable scenario("BIGHT_SIM_SCENARIO", "mine");
  const variable faults("BIGHT_SIM_FAULTS", "loss");
  const variable most("BIGHT_SIM_FAULTS_MAX", "4");
  const variable size("BIGHT_SIM_SIZE", "2");
  const variable events("BIGHT_SIM_EVENTS", "2");
  const variable until("BIGHT_SIM_UNTIL", "3");
  const sim::replay r = sim::replay::from_environment();
  EXPECT_EQ(r.seed, 31u);
  EXPECT_EQ(r.scenario, "mine");
  EXPECT_EQ(r.faults->str(), "loss");
  EXPECT_EQ(r.faults_max, 4u);
  EXPECT_EQ(r.size, 2u);
  sim::shown last(r);
  for (std::uint64_t i = 1; i < 6; ++i) {
    sim::trace_event e;
    e.number = i;
    last.on_event(e);
  }
  EXPECT_EQ(last.last(),
            "       2       0.000000s note     \n       3       0.000000s note     \n");
}

TEST(sim_words, of_the_environment_that_are_no_numbers_are_refused) {
  for (const char* text : {"seven", "7x", "0x", "-1", "18446744073709551616"}) {
    const variable seed("BIGHT_SIM_SEED", text);
    try {
      static_cast<void>(sim::replay::from_environment());
      ADD_FAILURE() << text << " was taken";
    } catch (const error& e) {
      EXPECT_EQ(e.what(), "BIGHT_SIM_SEED=" + std::string(text) + ": not a number");
    }
  }
}

TEST(sim_words, of_a_replay_without_settings_are_none) {
  const sim::replay r = sim::replay::from_environment();
  EXPECT_FALSE(r.seed || r.faults || r.faults_max || r.size);
  sim::shown nothing(r);
  nothing.on_event({});
  EXPECT_EQ(nothing.last(), "");
}

}  // namespace
}  // namespace bight::sim_test
