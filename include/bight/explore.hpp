// SPDX-License-Identifier: MIT
#pragma once

/// Many simulated worlds, one a seed, each with faults of its own: what a test of a server wants.
///
///     const auto explored = sim::explore("relay", {.seeds = 1000}, [](sim::world& net) {
///       …hosts, programs, a run…
///       sim::require(answer == "hello", "the answer comes through whatever happens");
///     });
///     return explored ? 0 : 1;
///
/// The first failure is told in one block, with the command that plays it again, and then with as
/// few faults and sessions as still fail. docs/SIMULATOR.md has the whole story.

#include <bight/sim.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace bight::sim {

/// Fails the world, unless `kept`: an assertion of a scenario.
///
/// errors  sim::failure with that text.
void require(bool kept, std::string_view what);

/// A scenario: makes hosts in the world that it is given, runs programs, and throws what is wrong.
/// `size` is for it to use: so many sessions, say; a smaller one must be less of the same.
using scenario = machinery::callback<void(world& net, unsigned size)>;

struct explore_options {
  std::uint64_t seeds = 1000;  ///< worlds
  std::uint64_t first_seed = 1;
  /// Families that may be on; each seed draws some of them. A crash is for programs that expect it.
  families from = families::all().without(family::crash);
  unsigned size = 4;  ///< what the scenario is given, unless a seed is replayed with less
  /// Of a hundred seeds so many run twice, and both runs have to be the same event by event.
  unsigned twice_percent = 5;
  /// Worlds that the search for the smallest failure may take; 0: none.
  unsigned reduce_max = 200;
  /// Limits of each world; see world_options.
  duration time_max = 24h;
  std::uint64_t events_max = 10'000'000;
  /// Told what there is to tell, line by line; standard error when not set.
  machinery::callback<void(std::string_view)> tell = {};
};

/// A world that failed, and all that it takes to make it again.
struct finding {
  std::string what;  ///< the text of what was thrown
  std::uint64_t seed = 0;
  unsigned size = 0;
  fault_plan faults;
  std::uint64_t faults_struck = 0;
  std::uint64_t event = 0;  ///< so many events had happened
  duration time{};          ///< so much virtual time had passed
  std::uint64_t hash = 0;
};

/// What came of it: true when every world was well.
struct explored {
  std::uint64_t worlds = 0;
  std::uint64_t twice = 0;  ///< of them, that ran twice
  std::uint64_t events = 0;
  std::uint64_t faults = 0;
  duration time{};                  ///< virtual, of all worlds
  std::optional<finding> failed;    ///< the first failure
  std::optional<finding> smallest;  ///< the same, reduced

  explicit operator bool() const noexcept { return !failed; }
};

/// Runs `body` in one world a seed, until one fails.
///
/// The environment asks for one world instead (`bight sim replay` sets it): BIGHT_SIM_SEED,
/// BIGHT_SIM_SCENARIO (others are left out), BIGHT_SIM_FAULTS, BIGHT_SIM_FAULTS_MAX,
/// BIGHT_SIM_SIZE, BIGHT_SIM_EVENTS (tell the last so many), BIGHT_SIM_UNTIL (up to that one),
/// BIGHT_SIM_PCAP (a file for them).
[[nodiscard]] explored explore(std::string_view name, explore_options options, scenario body);

/// The same for a scenario that has no size.
template <class F>
  requires std::is_invocable_v<F&, world&>
[[nodiscard]] explored explore(std::string_view name, explore_options options, F body) {
  return explore(name, std::move(options),
                 scenario([body = std::move(body)](world& net, unsigned) mutable { body(net); }));
}

/// The block that a failure is told in, for the scenario of that name.
[[nodiscard]] std::string report(std::string_view name, const finding& f);

}  // namespace bight::sim
