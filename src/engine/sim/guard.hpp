// SPDX-License-Identifier: MIT
#pragma once

/// Watches the buffers that operations in flight have borrowed: the rule that they are not to be
/// touched, which a kernel relies on and cannot check.

#include "engine/sim/universe.hpp"

namespace bight::sim::guard {

/// What a buffer holds that is being received into; bytes that a program reads too early are these.
inline constexpr unsigned char poison = 0xdb;

/// A receive waits: fills its buffer with poison.
void poison_receive(universe& u, op& o) noexcept;
/// A send waits: remembers what is to leave next.
void watch_sent(universe& u, op& o) noexcept;
/// What leaves now must be what it was.
void check_sent(universe& u, const op& o);

}  // namespace bight::sim::guard
