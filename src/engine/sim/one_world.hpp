// SPDX-License-Identifier: MIT
#pragma once

/// One world of an exploration: made, run to its end, and judged.

#include <bight/explore.hpp>

#include "base/names.hpp"

#include <optional>

namespace bight::sim {

/// Which world.
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

/// Runs the scenario in that world. `told`: is told every event; may be null.
[[nodiscard]] outcome run_world(const explore_options& options, const scenario& body,
                                const choice& which, sink* told = nullptr);

/// Runs it twice, and says which event was the first to differ; nothing when none did.
[[nodiscard]] std::string compare_runs(const explore_options& options, const scenario& body,
                                       const choice& which);

/// The smallest world that still fails: fewer families, a smaller size, the fewest faults. `tried`
/// counts the worlds that this took.
[[nodiscard]] finding reduce(const explore_options& options, const scenario& body,
                             const finding& failed, unsigned& tried);

}  // namespace bight::sim
