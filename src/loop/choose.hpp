// SPDX-License-Identifier: MIT
#pragma once

/// Chooses the engine of a loop.

#include <bight/run.hpp>

#include "base/names.hpp"
#include "engine/engine.hpp"

#include <memory>

namespace bight {

struct chosen_engine {
  std::unique_ptr<engine> made;
  std::string reason;
};

/// Creates the engine that `choice` and BIGHT_ENGINE select. io_uring is used only after a test
/// operation was submitted and completed: setup can succeed and the first enter fail.
///
/// errors  not_supported when a forced engine is unavailable.
[[nodiscard]] chosen_engine choose_engine(engine_choice choice);

}  // namespace bight

/// Creates an engine with a new simulated world, for BIGHT_ENGINE=sim. The caller owns it.
/// The component "sim" defines this function. choose.cpp refers to it weakly, so that programs link
/// without that component too. Its name is plain C because the linker is given it:
/// cmake/bight_components.cmake.
extern "C" [[nodiscard]] bight::machinery::engine* bight_simulated_engine();
