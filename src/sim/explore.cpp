// SPDX-License-Identifier: MIT
#include <bight/explore.hpp>

#include "base/text.hpp"
#include "sim/one_world.hpp"
#include "sim/replay.hpp"

#include <cstdio>

#include <fmt/format.h>

namespace bight::sim {

void require(bool kept, std::string_view what) {
  if (!kept) throw failure(std::string(what));
}

std::string report(std::string_view name, const finding& f) {
  return fmt::format(
      "scenario {}: {}\n"
      "  seed {}, size {}, event {}, after {} of virtual time, hash {:#018x}\n"
      "  faults: {} ({} struck)\n"
      "  again:  {}\n",
      name, f.what, f.seed, f.size, f.event, duration_text(f.time), f.hash, f.faults.on.str(),
      f.faults_struck, command(name, f));
}

namespace {

// One running exploration.
class exploration {
 public:
  exploration(std::string_view name, explore_options options, scenario body)
      : name_(name), options_(std::move(options)), body_(std::move(body)) {}

  explored every_seed() {
    for (std::uint64_t i = 0; i < options_.seeds && all_; ++i) {
      const std::uint64_t seed = options_.first_seed + i;
      one({seed, options_.size, fault_plan::drawn(seed, options_.from)}, runs_twice(i));
    }
    if (all_) return all_;
    tell(report(name_, *all_.failed));
    unsigned tried = 0;
    if (options_.reduce_max > 0) all_.smallest = reduce(options_, body_, *all_.failed, tried);
    if (tried > 0)
      tell(fmt::format("reduced in {} worlds to\n{}", tried, report(name_, *all_.smallest)));
    return all_;
  }

  explored only(const replay& r) {
    choice which{*r.seed, r.size.value_or(options_.size),
                 fault_plan::drawn(*r.seed, options_.from)};
    if (r.faults) which.faults.on = *r.faults;
    if (r.faults_max) which.faults.most = *r.faults_max;
    shown events(r);
    outcome o = run_world(options_, body_, which, &events);
    tell(events.last());
    count(o);
    if (o.failed)
      tell(report(name_, *o.failed));
    else
      tell(fmt::format("scenario {}: seed {} passed: {} events, {}, {} faults, hash {:#018x}\n",
                       name_, which.seed, o.events, duration_text(o.time), o.faults, o.hash));
    all_.failed = std::move(o.failed);
    return all_;
  }

 private:
  void tell(std::string_view text) const {
    if (options_.tell) return options_.tell(text);
    std::fwrite(text.data(), 1, text.size(), stderr);
  }

  [[nodiscard]] bool runs_twice(std::uint64_t i) const {
    return i * options_.twice_percent % 100 < options_.twice_percent;
  }

  void count(const outcome& o) {
    ++all_.worlds;
    all_.events += o.events;
    all_.faults += o.faults;
    all_.time += o.time;
  }

  void one(const choice& which, bool twice) {
    outcome o = run_world(options_, body_, which);
    count(o);
    if (twice && !o.failed) {
      ++all_.twice;
      std::string differs = compare_runs(options_, body_, which);
      if (!differs.empty()) {
        options_.reduce_max = 0;  // a smaller world may differ or not
        o.failed = finding{std::move(differs), which.seed, which.size, which.faults,
                           o.faults,           o.events,   o.time,     o.hash};
      }
    }
    all_.failed = std::move(o.failed);
  }

  std::string name_;
  explore_options options_;
  scenario body_;
  explored all_;
};

}  // namespace

explored explore(std::string_view name, explore_options options, scenario body) {
  const replay asked = replay::from_environment();
  if (!asked.scenario.empty() && asked.scenario != name) return {};
  exploration e(name, std::move(options), std::move(body));
  return asked.seed ? e.only(asked) : e.every_seed();
}

}  // namespace bight::sim
