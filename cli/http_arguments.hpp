// SPDX-License-Identifier: MIT
#pragma once

/// What the command line says about a request.

#include <bight/http.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace tool {

/// A URL as typed: "host/path" means http://host/path, ":8080/path" this machine. "user:password@"
/// is kept in the URL, and never part of its str().
///
/// errors  a usage failure.
[[nodiscard]] bight::http::url parse_page(std::string_view text);

/// Reads the values of -H: "Name: value", or "@FILE" with one of these a line.
///
/// errors  a usage failure: no name, a byte that no field may have (a line break above all), or a
///         field that decides where the message ends, which is not the user's to say.
[[nodiscard]] std::vector<bight::http::field> parse_fields(const std::vector<std::string>& flags);

}  // namespace tool
