// SPDX-License-Identifier: MIT
#pragma once

/// The path of a request to `bight serve files`.

#include <optional>
#include <string>
#include <string_view>

namespace tool {

/// The path of `target`, which has no query, relative to the served folder: "a/b" for "/a/./b", ""
/// for "/". "%" without two hexadecimal digits is literal. None if it is not a path, or has an
/// encoded "/" or NUL.
[[nodiscard]] std::optional<std::string> request_path(std::string_view target);

}  // namespace tool
