// SPDX-License-Identifier: MIT
#pragma once

/// Help for a narrow window.

#include <string>
#include <string_view>

namespace tool {

/// `text`, which is laid out for 80 columns, in lines of `width`. A description that stands beside
/// its flag moves below it when too little room is left; paragraphs are filled again. Long words
/// stay whole.
[[nodiscard]] std::string folded(std::string_view text, int width);

}  // namespace tool
