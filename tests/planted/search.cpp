// SPDX-License-Identifier: MIT
//
// Looks for the first simulated world in which a scenario fails: planted_search [SEEDS]
//
// Prints the seed and the scenario of each world before it plays it, since a fault may crash the
// process. Exit status: 0 no world has failed, 1 the last one has. SIGPROF ends a world that takes
// more than 2 s of CPU time.

#include "scenario/scenario.hpp"

#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

#include <sys/time.h>

namespace scenario {

namespace {

constexpr itimerval world_max{.it_interval = {}, .it_value = {.tv_sec = 2, .tv_usec = 0}};

// In every other world, one program is stopped somewhere.
cut drawn_cut(std::uint64_t seed) {
  if (seed % 2 == 1) return {};
  sim::random_stream draw(seed, "cut");
  cut c;
  c.how = seed % 4 == 0 ? cut::way::by_deadline : cut::way::from_outside;
  c.program = static_cast<unsigned>(draw.below(2));
  c.moment = draw.log_uniform(1, 300);
  c.at = draw.log_uniform(duration(1us), duration(10s));
  return c;
}

bool fails(const entry& e, std::uint64_t seed) {
  stage::plan = drawn_cut(seed);
  sim::explore_options how;
  how.seeds = 1;
  how.first_seed = seed;
  how.from = e.from;
  how.size = e.size;
  how.twice_percent = 0;
  how.reduce_max = 0;
  how.events_max = 300'000;
  how.tell = [](std::string_view) {};
  return !sim::explore(e.name, how, sim::scenario(e.play));
}

int search(std::uint64_t seeds) {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed)
    for (const entry& e : every()) {
      if (e.tls && seed % 5 != 0) continue;  // a world with TLS takes milliseconds
      setitimer(ITIMER_PROF, &world_max, nullptr);
      fmt::print("{} {}\n", seed, e.name);
      std::fflush(stdout);
      if (fails(e, seed)) return 1;
    }
  return 0;
}

}  // namespace

}  // namespace scenario

int main(int argc, char** argv) {
  return scenario::search(argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1000);
}
