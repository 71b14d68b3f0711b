// SPDX-License-Identifier: MIT
//
// A test of the tests: one planted fault after the other, and how many seeds the scenarios need to
// see it. Each is looked for in a process of its own, since some of them crash it or never end.

#include "base/plant.hpp"
#include "scenario/scenario.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <fmt/format.h>

#include <sys/wait.h>
#include <unistd.h>

namespace bight {

namespace {
bug growing = bug::none;
}

bool planted(bug b) noexcept { return b == growing; }

}  // namespace bight

namespace scenario {

namespace {

constexpr std::uint64_t seeds_max = 1000;
constexpr unsigned patience_s = 20;  // for one world that never ends

// What the process that looks tells of each world before it begins, and of a failure.
struct word {
  std::uint64_t seed;
  unsigned scenario;
  bool failed;
};

// Every other world has a program that is stopped somewhere.
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

[[noreturn]] void look(bug b, int tell) {
  growing = b;
  for (std::uint64_t seed = 1; seed <= seeds_max; ++seed)
    for (unsigned i = 0; i < every().size(); ++i) {
      if (every()[i].tls && seed % 5 != 0) continue;  // dear
      alarm(patience_s);
      word w{seed, i, false};
      if (write(tell, &w, sizeof w) != sizeof w) _exit(2);
      if (!fails(every()[i], seed)) continue;
      w.failed = true;
      if (write(tell, &w, sizeof w) != sizeof w) _exit(2);
      _exit(0);
    }
  _exit(1);
}

struct found {
  word last{};
  const char* how = nullptr;  // null: not at all
};

found look_for(bug b) {
  int ends[2];
  if (pipe(ends) != 0) std::abort();
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    if (std::freopen("/dev/null", "w", stderr) == nullptr) _exit(2);
    look(b, ends[1]);
  }
  close(ends[1]);
  found f;
  while (read(ends[0], &f.last, sizeof f.last) == sizeof f.last) {}
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFSIGNALED(status))
    f.how = WTERMSIG(status) == SIGALRM ? "never ends" : "crashes";
  else if (WEXITSTATUS(status) == 0)
    f.how = "is seen";
  else if (WEXITSTATUS(status) > 1)
    f.how = "ends the process";
  return f;
}

const char* const names[] = {"none",
                             "event_keeps_stopped",
                             "sleep_keeps_hook",
                             "timer_skips_the_front",
                             "timers_lose_order",
                             "stop_tells_one",
                             "scope_ends_early",
                             "deadline_loses_bytes",
                             "operation_keeps_hook",
                             "operation_ignores_stop",
                             "failure_counts_nothing",
                             "splitter_repeats",
                             "splitter_wants_more",
                             "splitter_steps_short",
                             "flush_repeats",
                             "drain_lets_in",
                             "one_session_too_many",
                             "seat_keeps_quiet",
                             "drain_never_cuts",
                             "shortage_ends_server",
                             "datagram_from_nobody",
                             "race_waits_for_ip6",
                             "look_up_tells_nobody",
                             "race_keeps_losers",
                             "buffer_lent_twice",
                             "buffer_freed_early",
                             "send_skips_a_byte",
                             "end_never_told",
                             "cancel_keeps_receiver",
                             "close_keeps_operations",
                             "returned_bytes_go_behind",
                             "truncation_is_an_end",
                             "short_page_is_whole"};
static_assert(std::size(names) == static_cast<std::size_t>(bug::count));

int run(int argc, char** argv) {
  int missed = 0;
  for (std::size_t i = 1; i < std::size(names); ++i) {
    if (argc > 1 && std::strcmp(argv[1], names[i]) != 0) continue;
    const found f = look_for(static_cast<bug>(i));
    if (f.how == nullptr) ++missed;
    fmt::print("{:2} {:26} {:>5} {}\n", i, names[i], f.how == nullptr ? 0 : f.last.seed,
               f.how == nullptr ? fmt::format("NOT SEEN in {} seeds", seeds_max)
                                : fmt::format("{} in {}", f.how, every()[f.last.scenario].name));
    std::fflush(stdout);
  }
  // What is not planted must not be seen: a scenario that always fails would find everything.
  const found nothing = look_for(bug::none);
  if (argc == 1 && nothing.how != nullptr) {
    fmt::print("without a fault, {} {} at seed {}\n", every()[nothing.last.scenario].name,
               nothing.how, nothing.last.seed);
    ++missed;
  }
  fmt::print("{} planted, {} not seen\n", std::size(names) - 1, missed);
  return missed == 0 ? 0 : 1;
}

}  // namespace

}  // namespace scenario

int main(int argc, char** argv) { return scenario::run(argc, argv); }
