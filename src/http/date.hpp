// SPDX-License-Identifier: MIT
#pragma once

/// Dates in HTTP: RFC 9110 §5.6.7.

#include "base/names.hpp"

#include <ctime>
#include <optional>
#include <string>

namespace bight::http {

/// "Sun, 06 Nov 1994 08:49:37 GMT".
[[nodiscard]] std::string http_date(std::time_t t);

/// Parses that format, or one of the two obsolete formats that recipients must accept.
[[nodiscard]] std::optional<std::time_t> parse_http_date(const std::string& text);

}  // namespace bight::http
