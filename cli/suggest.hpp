// SPDX-License-Identifier: MIT
#pragma once

/// "Did you mean …?"

#include <string>
#include <string_view>
#include <vector>

namespace tool {

/// The candidate that `typed` is most likely a mistyping of, or "" when none is near: at most a
/// third of its letters wrong, missing, too many or swapped.
[[nodiscard]] std::string nearest(std::string_view typed,
                                  const std::vector<std::string>& candidates);

/// " (did you mean X?)", or "".
[[nodiscard]] std::string did_you_mean(std::string_view typed,
                                       const std::vector<std::string>& candidates);

/// " (…)" for a flag that other tools have and `command` has not: what to type here. "" for others.
[[nodiscard]] std::string known_elsewhere(std::string_view command, std::string_view flag);

}  // namespace tool
