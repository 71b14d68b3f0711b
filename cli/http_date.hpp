// SPDX-License-Identifier: MIT
#pragma once

/// Dates as HTTP writes them, RFC 9110 §5.6.7.

#include <ctime>
#include <optional>
#include <string>

namespace tool {

/// "Sun, 06 Nov 1994 08:49:37 GMT".
[[nodiscard]] std::string http_date(std::time_t t);

/// A date in that form or in one of the two old ones that servers must still read; none if it is no
/// date.
[[nodiscard]] std::optional<std::time_t> parse_http_date(const std::string& text);

}  // namespace tool
