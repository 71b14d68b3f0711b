// SPDX-License-Identifier: MIT
#pragma once

/// Small texts that messages are made of.

#include <bight/time.hpp>

#include "base/names.hpp"

#include <string>
#include <string_view>

namespace bight {

/// "250 ms", "1.5 s", "3 min": the largest unit that shows the value with at most one decimal; a
/// value that would be a long number in it is rounded.
[[nodiscard]] std::string duration_text(duration d);

/// Text of a peer as it can be shown to a person: control bytes and what is not UTF-8 as \xNN.
[[nodiscard]] std::string printable(std::string_view bytes, std::size_t max = 80);

}  // namespace bight
