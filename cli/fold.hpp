// SPDX-License-Identifier: MIT
#pragma once

/// Help for a narrow terminal.

#include <string>
#include <string_view>

namespace tool {

/// Wraps `text`, which is laid out for 80 columns, to `width` columns. A description moves below
/// its flag if there is too little room beside it. Paragraphs are refilled. Long words are not
/// split.
[[nodiscard]] std::string folded(std::string_view text, int width);

}  // namespace tool
