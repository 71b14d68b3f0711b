// SPDX-License-Identifier: MIT
#pragma once

/// "Did you mean …?"

#include <string>
#include <string_view>
#include <vector>

namespace tool {

/// The candidate most similar to `typed`, or "" if none is similar: at most a third of the letters
/// wrong, missing, added or swapped.
[[nodiscard]] std::string nearest(std::string_view typed,
                                  const std::vector<std::string>& candidates);

/// " (did you mean X?)", or "".
[[nodiscard]] std::string did_you_mean(std::string_view typed,
                                       const std::vector<std::string>& candidates);

/// " (…)", what to type instead of a flag of curl, wget or another server; "" for other flags.
[[nodiscard]] std::string hint_for_foreign_flag(std::string_view command, std::string_view flag);

}  // namespace tool
