// SPDX-License-Identifier: MIT
#pragma once

/// Time as the load generator counts it: nanoseconds of the monotonic clock.

#include <time.h>

#include <cstdint>

namespace load {

inline constexpr std::uint64_t second_ns = 1'000'000'000;

inline std::uint64_t now_ns() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<std::uint64_t>(t.tv_sec) * second_ns + static_cast<std::uint64_t>(t.tv_nsec);
}

}  // namespace load
