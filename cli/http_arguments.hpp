// SPDX-License-Identifier: MIT
#pragma once

/// URLs and header fields given on the command line.

#include <bight/http.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace tool {

/// Parses a URL as typed: "host/path" means http://host/path, ":8080/path" means this machine.
/// "user:password@" is kept in the URL, but is never part of its str().
///
/// errors  a usage failure.
[[nodiscard]] bight::http::url parse_url(std::string_view text);

/// Parses the values of -H: "Name: value", or "@FILE" with one field per line.
///
/// errors  a usage failure: no name, a byte that is not allowed in a field (such as a line break),
///         or a field that determines the length of the message.
[[nodiscard]] std::vector<bight::http::field> parse_header_fields(
    const std::vector<std::string>& flags);

}  // namespace tool
