// SPDX-License-Identifier: MIT
#pragma once

/// The time limit of a command (--max-time).

#include "units.hpp"

#include <bight/time.hpp>

#include <optional>
#include <string>

namespace tool {

struct time_limit {
  std::optional<bight::duration> max;  ///< the value of --max-time
  bight::time_point end{};             ///< set when the command begins

  [[nodiscard]] bool is_over(bight::time_point now) const noexcept { return max && now >= end; }
  /// "timed out after 5 s (--max-time)".
  [[nodiscard]] std::string reason() const {
    return "timed out after " + shown_duration(max.value_or(bight::duration::zero())) +
           " (--max-time)";
  }
};

}  // namespace tool
