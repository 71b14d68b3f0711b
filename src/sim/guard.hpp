// SPDX-License-Identifier: MIT
#pragma once

/// Checks that programs do not touch the buffers of operations in flight. A kernel relies on that
/// rule and cannot check it.

#include "sim/universe.hpp"

namespace bight::sim::guard {

/// The content of a buffer during a receive. A program that reads it too early finds these bytes.
inline constexpr unsigned char poison = 0xdb;

/// Called when a receive waits: fills its buffer with poison.
void poison_receive(universe& u, op& o) noexcept;
/// Called when a send waits: remembers its next bytes.
void watch_sent(universe& u, op& o) noexcept;
/// Called when a send continues: its bytes must be unchanged.
void check_sent(universe& u, const op& o);

}  // namespace bight::sim::guard
