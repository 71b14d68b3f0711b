// SPDX-License-Identifier: MIT
#include "sim/one_world.hpp"

#include <vector>

#include <fmt/format.h>

namespace bight::sim {

outcome run_world(const explore_options& options, const scenario& body, const choice& which,
                  sink* told) {
  world_options how;
  how.seed = which.seed;
  how.faults = which.faults;
  how.time_max = options.time_max;
  how.events_max = options.events_max;
  world net(how);
  if (told != nullptr) net.trace_to(told);
  outcome all;
  const auto look = [&] {
    all.events = net.events();
    all.faults = net.faults_struck();
    all.hash = net.hash();
    all.time = net.now();
  };
  const auto fail = [&](std::string what) {
    if (!all.failed)
      all.failed = finding{std::move(what), which.seed, which.size, which.faults,
                           all.faults,      all.events, all.time,   all.hash};
  };
  try {
    body(net, which.size);
    look();
  } catch (const std::exception& e) {
    look();
    fail(e.what());
  }
  try {
    net.end();
  } catch (const failure& f) {
    fail(f.what());
  }
  return all;
}

namespace {

struct hashes final : sink {
  std::vector<std::uint64_t> of;
  void on_event(const trace_event& e) override { of.push_back(e.hash); }
};

// Finds the first event with a different hash than expected.
struct difference final : sink {
  const std::vector<std::uint64_t>* expected;
  std::uint64_t at = 0;  // the number of that event; 0: none
  std::string line;
  explicit difference(const std::vector<std::uint64_t>& e) : expected(&e) {}
  void on_event(const trace_event& e) override {
    const bool same = e.number <= expected->size() && (*expected)[e.number - 1] == e.hash;
    if (at != 0 || same) return;
    at = e.number;
    line = e.str();
  }
};

}  // namespace

std::string compare_runs(const explore_options& options, const scenario& body,
                         const choice& which) {
  hashes first;
  const outcome one = run_world(options, body, which, &first);
  difference second(first.of);
  const outcome two = run_world(options, body, which, &second);
  if (second.at == 0 && one.hash == two.hash && one.events == two.events) return {};
  if (second.at == 0)
    return fmt::format("two runs are not the same: one has {} events, the other {}", one.events,
                       two.events);
  return fmt::format(
      "two runs are not the same; the first event that differs is, in the second,\n{}",
      second.line);
}

namespace {

// Searches for smaller worlds that fail, within its limits.
class reducer {
 public:
  reducer(const explore_options& options, const scenario& body, const finding& failed,
          unsigned& tried)
      : options_(options), body_(body), best_(failed), tried_(tried) {}

  finding run() {
    drop_families();
    halve_the_size();
    bisect_the_faults();
    drop_families();
    return best_;
  }

 private:
  // Accepts the world if it fails.
  bool fails(unsigned size, const fault_plan& faults) {
    if (tried_ >= options_.reduce_max) return false;
    ++tried_;
    outcome o = run_world(options_, body_, {best_.seed, size, faults});
    if (!o.failed) return false;
    best_ = *std::move(o.failed);
    return true;
  }

  void drop_families() {
    for (std::size_t i = 0; i < family_count; ++i) {
      const auto f = static_cast<family>(i);
      if (!best_.faults.on.has(f)) continue;
      fault_plan less = best_.faults;
      less.on = less.on.without(f);
      fails(best_.size, less);
    }
  }

  void halve_the_size() {
    while (best_.size > 1 && fails(best_.size / 2, best_.faults)) {}
  }

  // Finds how many of the first faults are enough. More faults need not make a failure more likely,
  // so this finds a number with which the world fails and one less with which it does not. Usually
  // it is the smallest.
  void bisect_the_faults() {
    std::uint64_t well = 0;
    std::uint64_t fails_with = best_.faults_struck;
    fault_plan none = best_.faults;
    none.most = 0;
    if (fails(best_.size, none)) return;
    while (well + 1 < fails_with) {
      const std::uint64_t middle = well + (fails_with - well) / 2;
      fault_plan fewer = best_.faults;
      fewer.most = middle;
      if (fails(best_.size, fewer))
        fails_with = middle;
      else
        well = middle;
      if (tried_ >= options_.reduce_max) return;
    }
  }

  const explore_options& options_;
  const scenario& body_;
  finding best_;
  unsigned& tried_;
};

}  // namespace

finding reduce(const explore_options& options, const scenario& body, const finding& failed,
               unsigned& tried) {
  return reducer(options, body, failed, tried).run();
}

}  // namespace bight::sim
