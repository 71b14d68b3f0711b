// SPDX-License-Identifier: MIT
#pragma once

/// One world of an exploration: it is made, run to its end, and judged.

#include <bight/explore.hpp>

#include "base/names.hpp"

#include <optional>

namespace bight::sim {

/// Identifies a world.
struct choice {
  std::uint64_t seed = 0;
  unsigned size = 0;
  fault_plan faults;
};

struct outcome {
  std::uint64_t events = 0;
  std::uint64_t faults = 0;
  std::uint64_t hash = 0;
  duration time{};
  std::optional<finding> failed;
};

/// Runs the scenario in that world. Calls `told` for every event, unless it is null.
[[nodiscard]] outcome run_world(const explore_options& options, const scenario& body,
                                const choice& which, sink* told = nullptr);

/// Runs it twice and returns the first event that differs, if any.
[[nodiscard]] std::string compare_runs(const explore_options& options, const scenario& body,
                                       const choice& which);

/// Finds the smallest world that still fails: fewer families, a smaller size, fewer faults. `tried`
/// counts the worlds that it has run.
[[nodiscard]] finding reduce(const explore_options& options, const scenario& body,
                             const finding& failed, unsigned& tried);

}  // namespace bight::sim
