// SPDX-License-Identifier: MIT
//
// `bight sim replay`: replays one simulated run of a test program, and prints its last events. The
// program reads the settings from its environment: <bight/explore.hpp>.

#include "exit_codes.hpp"
#include "flags.hpp"
#include "text.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>

#include <unistd.h>

namespace tool {

namespace {

struct sim_flags {
  common_flags common;
  std::string seed, scenario, faults, faults_max, size, until, pcap;
  std::string last = "20";
  std::string action;              // replay
  std::vector<std::string> words;  // PROGRAM ARGS…
};

void set_variable(const char* variable, const std::string& value) {
  if (!value.empty()) setenv(variable, value.c_str(), 1);
}

[[noreturn]] void execute(const std::vector<std::string>& words) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  execvp(arguments[0], arguments.data());
  throw failure(exit_code::other, fmt::format("sim replay: cannot run {}: {}", shown(words[0]),
                                              std::strerror(errno)));
}

int replay(const sim_flags& f) {
  if (f.action != "replay")
    throw usage_error(
        fmt::format("sim \"{}\": unknown action; write: bight sim replay --seed N -- PROGRAM",
                    shown(f.action)));
  if (f.seed.empty()) throw usage_error("sim replay: --seed N is required");
  set_variable("BIGHT_SIM_SEED", f.seed);
  set_variable("BIGHT_SIM_SCENARIO", f.scenario);
  set_variable("BIGHT_SIM_FAULTS", f.faults);
  set_variable("BIGHT_SIM_FAULTS_MAX", f.faults_max);
  set_variable("BIGHT_SIM_SIZE", f.size);
  set_variable("BIGHT_SIM_UNTIL", f.until);
  set_variable("BIGHT_SIM_EVENTS", f.last);
  set_variable("BIGHT_SIM_PCAP", f.pcap);
  execute(f.words);
}

}  // namespace

void add_sim(CLI::App& root, action& chosen) {
  auto f = std::make_shared<sim_flags>();
  CLI::App* sub = add_command(root, "sim", "replay a simulated run of a test program");
  set_examples(*sub,
               "  bight sim replay --seed 42 -- ./my_test               print its last 20 events\n"
               "  bight sim replay --seed 42 --pcap w.pcap -- ./my_test for Wireshark\n"
               "  bight sim replay --seed 42 --until 480 --last 50 -- ./my_test\n"
               "  bight sim replay --seed 42 --faults loss,reset --faults-max 3 -- ./my_test\n");
  add_text(*sub, "ACTION", f->action, "", "replay")->required();
  // Required: CLI11 accepts only missing arguments after --.
  add_list(*sub, "PROGRAM", f->words, "...", "the test program and its arguments, after --")
      ->required();
  add_text(*sub, "--seed", f->seed, "N", "seed of the run");
  add_text(*sub, "--scenario", f->scenario, "NAME",
           "name of the scenario, if the program has several");
  add_text(*sub, "--faults", f->faults, "LIST", "inject only these fault families; or none, all");
  add_text(*sub, "--faults-max", f->faults_max, "N", "inject only the first N faults");
  add_text(*sub, "--size", f->size, "N", "size of the scenario");
  add_text(*sub, "--until", f->until, "N", "print events up to event N");
  add_text(*sub, "--last", f->last, "N", "print the last N events (20)");
  add_text(*sub, "--pcap", f->pcap, "FILE", "write the packets to FILE");
  add_output_flags(*sub, f->common);
  sub->footer(
      "A test that fails in the simulator prints its seed. replay runs the program\n"
      "again with that seed: the same connections, faults and timings in the same\n"
      "order. The program reads these settings from BIGHT_SIM_… environment variables\n"
      "(see docs/SIMULATOR.md).");
  sub->callback([f, &chosen] {
    chosen.log = &f->common.log;
    chosen.run = [f] { return replay(*f); };
  });
}

}  // namespace tool
