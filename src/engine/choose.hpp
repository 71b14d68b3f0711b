// SPDX-License-Identifier: MIT
#pragma once

/// Which engine a loop gets.

#include <bight/run.hpp>

#include "base/names.hpp"
#include "engine/engine.hpp"

#include <memory>

namespace bight {

struct chosen_engine {
  std::unique_ptr<engine> made;
  std::string reason;
};

/// Makes the engine that `choice` and BIGHT_ENGINE ask for. io_uring is believed only when an
/// operation has really been submitted and has come back: setup can work and the first enter fail.
///
/// errors  not_supported when an engine was forced and cannot be had.
[[nodiscard]] chosen_engine choose_engine(engine_choice choice);

/// Lifts the soft limit of descriptors to the hard one: Debian's 1,024 are few for a server.
void raise_descriptor_limit() noexcept;

/// Makes a write to a pipe that nobody reads an error instead of the end of the program: write(2)
/// has no flag for that, as send(2) has.
void ignore_broken_pipes() noexcept;

}  // namespace bight
