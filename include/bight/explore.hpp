// SPDX-License-Identifier: MIT
#pragma once

/// Tests a program in many simulated worlds. Each seed is one world with its own faults.
///
///     const auto explored = sim::explore("relay", {.seeds = 1000}, [](sim::world& net) {
///       …hosts, programs, a run…
///       sim::require(answer == "hello", "the answer always arrives");
///     });
///     return explored ? 0 : 1;
///
/// The first failure is reported in one block, with the command that replays it. It is then
/// reduced to fewer faults and a smaller size that still fail, and reported again.
/// See docs/SIMULATOR.md.

#include <bight/sim.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace bight::sim {

/// An assertion of a scenario: fails the world unless `kept` is true.
///
/// errors  sim::failure with the text `what`.
void require(bool kept, std::string_view what);

/// A scenario creates hosts in the given world, runs programs, and throws on failure. `size` is
/// the scenario's scale, for example the number of sessions. A smaller size must be a smaller
/// version of the same scenario.
using scenario = machinery::callback<void(world& net, unsigned size)>;

struct explore_options {
  std::uint64_t seeds = 1000;  ///< number of worlds
  std::uint64_t first_seed = 1;
  /// Fault families to choose from; each seed enables some of them. Crashes are off by default,
  /// because the programs must expect them.
  families from = families::all().without(family::crash);
  unsigned size = 4;  ///< passed to the scenario; a replay may use a smaller one
  /// Percentage of seeds that run twice. Both runs must be identical, event by event.
  unsigned twice_percent = 5;
  /// Maximum number of worlds run to reduce a failure; 0: do not reduce. A difference between two
  /// runs of a seed is not reduced.
  unsigned reduce_max = 200;
  /// Limits of each world: virtual time and events. See world_options.
  duration time_max = 24h;
  std::uint64_t events_max = 10'000'000;
  /// Called with each text to print, of any number of lines. Default: standard error.
  machinery::callback<void(std::string_view)> tell = {};
};

/// A failed world, with everything needed to reproduce it.
struct finding {
  std::string what;  ///< the message of the exception
  std::uint64_t seed = 0;
  unsigned size = 0;
  fault_plan faults;
  std::uint64_t faults_struck = 0;
  std::uint64_t event = 0;  ///< number of events before the failure
  duration time{};          ///< virtual time before the failure
  std::uint64_t hash = 0;
};

/// The result of an exploration. Converts to true if no world failed.
struct explored {
  std::uint64_t worlds = 0;
  std::uint64_t twice = 0;  ///< worlds that ran twice
  std::uint64_t events = 0;
  std::uint64_t faults = 0;
  duration time{};                  ///< virtual time of all worlds
  std::optional<finding> failed;    ///< the first failure
  std::optional<finding> smallest;  ///< the same failure, reduced

  explicit operator bool() const noexcept { return !failed; }
};

/// Runs `body` in one world per seed until one fails.
///
/// Environment variables, which `bight sim replay` sets, select a single world:
///
/// BIGHT_SIM_SEED        run only this seed. The variables below apply to this run.
/// BIGHT_SIM_FAULTS      fault families to enable.
/// BIGHT_SIM_FAULTS_MAX  maximum number of faults.
/// BIGHT_SIM_SIZE        size passed to the scenario.
/// BIGHT_SIM_EVENTS      print the last N events.
/// BIGHT_SIM_UNTIL       ignore events after this number, in both the output and the file.
/// BIGHT_SIM_PCAP        write the packets to this pcap file.
///
/// BIGHT_SIM_SCENARIO, with or without a seed, skips scenarios of other names.
///
/// errors  invalid for a variable that cannot be parsed; denied if the file cannot be written.
[[nodiscard]] explored explore(std::string_view name, explore_options options, scenario body);

/// Like explore() above, for a scenario without a size.
template <class F>
  requires std::is_invocable_v<F&, world&>
[[nodiscard]] explored explore(std::string_view name, explore_options options, F body) {
  return explore(name, std::move(options),
                 scenario([body = std::move(body)](world& net, unsigned) mutable { body(net); }));
}

/// Returns the report of a failure of scenario `name`.
[[nodiscard]] std::string report(std::string_view name, const finding& f);

}  // namespace bight::sim
