// SPDX-License-Identifier: MIT
#pragma once

/// A world for one loop that knows of none: what BIGHT_ENGINE=sim gives.

#include "engine/engine.hpp"

#include <memory>

namespace bight::sim {

/// An engine on a host with nobody around, whose world lives as long as it does. Whoever waits on
/// it drives the world.
[[nodiscard]] std::unique_ptr<engine> make_private_world();

}  // namespace bight::sim
