// SPDX-License-Identifier: MIT
#pragma once

/// Standard input and output of a host, which the scenario types and reads.

#include "sim/universe.hpp"

namespace bight::sim::terminal {

[[nodiscard]] bool read(universe& u, socket& s, op& o);
[[nodiscard]] bool write(universe& u, socket& s, op& o);
void give_back(universe& u, socket& s, op& o) noexcept;
/// Called after input has been typed on that host.
void typed(universe& u, machine& m);

}  // namespace bight::sim::terminal
