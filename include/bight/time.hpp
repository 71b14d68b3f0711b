// SPDX-License-Identifier: MIT
#pragma once

/// The loop's time: nanoseconds since an arbitrary start; monotonic.
///
/// Programs read no clock. The loop reads its engine's clock once per turn, so a simulated engine
/// can make an hour pass in a microsecond.

// The part of libstdc++'s <chrono> with durations, time points and literals. The rest (calendars,
// streams) would make tcp.hpp a fifth longer to compile.
#if __has_include(<bits/chrono.h>)
#include <bits/chrono.h>
#else
#include <chrono>
#endif

namespace bight {

using namespace std::chrono_literals;

using duration = std::chrono::nanoseconds;

namespace machinery {

/// The clock of the loop. It has no now(): get the time from the loop, which may be simulated.
struct loop_clock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<loop_clock>;
  static constexpr bool is_steady = true;
};

}  // namespace machinery

using time_point = machinery::loop_clock::time_point;

namespace machinery {

/// `at` + `wait`, saturated instead of wrapping, so a deadline of years is valid.
[[nodiscard]] constexpr time_point later(time_point at, duration wait) noexcept {
  if (wait > duration::zero() && at > time_point::max() - wait) return time_point::max();
  if (wait < duration::zero() && at < time_point::min() - wait) return time_point::min();
  return at + wait;
}

}  // namespace machinery

}  // namespace bight
