// SPDX-License-Identifier: MIT
#pragma once

/// The signals that operations can wait for, one bit each.

#include <bight/machinery/op.hpp>

#include "base/names.hpp"

#include <csignal>

namespace bight {

inline constexpr int signal_numbers[] = {SIGINT, SIGTERM, SIGHUP};

/// 0 for any other signal.
[[nodiscard]] constexpr unsigned signal_bit(int number) noexcept {
  return number == SIGINT ? 1u : number == SIGTERM ? 2u : number == SIGHUP ? 4u : 0u;
}

/// The signals that `o` waits for.
[[nodiscard]] inline unsigned signals_wanted(const op& o) noexcept {
  const unsigned end = (o.size & static_cast<unsigned>(signals::end)) != 0 ? 3 : 0;
  return end | ((o.size & static_cast<unsigned>(signals::hangup)) != 0 ? 4 : 0);
}

}  // namespace bight
