// SPDX-License-Identifier: MIT
#pragma once

/// The request of `bight get`.

#include "http_url.hpp"

#include <string>
#include <vector>

namespace tool {

/// A header field of the user's.
struct http_field {
  std::string name;
  std::string value;
};

/// Reads the values of -H: "Name: value", or "@FILE" with one of these a line.
///
/// errors  a usage failure: no name, a byte that no field may have (a line break above all), or a
///         field that decides where the message ends, which is not the user's to say.
[[nodiscard]] std::vector<http_field> parse_fields(const std::vector<std::string>& flags);

/// The whole request. A field of the user's replaces ours of that name.
[[nodiscard]] std::string http_request(std::string_view method, const http_url& url,
                                       const std::vector<http_field>& fields);

/// Whether two field names are the same: case does not count (RFC 9110 §5.1).
[[nodiscard]] bool same_name(std::string_view a, std::string_view b) noexcept;

}  // namespace tool
