// SPDX-License-Identifier: MIT
#pragma once

/// Text formatting for messages.

#include <bight/time.hpp>

#include "base/names.hpp"

#include <string>
#include <string_view>

namespace bight {

/// "250 ms", "1.5 s", "3 min": the largest unit that shows the value exactly with at most one
/// decimal. If no unit gives a short number, the value is rounded.
[[nodiscard]] std::string duration_text(duration d);

/// Makes a peer's bytes safe to display: control bytes and invalid UTF-8 become \xNN. Output longer
/// than about `max` bytes is cut and ends in "...".
[[nodiscard]] std::string printable(std::string_view bytes, std::size_t max = 80);

}  // namespace bight
