// SPDX-License-Identifier: MIT
#pragma once

/// The media type of a file, by the ending of its name.

#include <string>
#include <string_view>
#include <unordered_map>

namespace tool {

/// Reads the system's table, /etc/mime.types (Debian's package media-types). A small built-in table
/// adds what that lacks, and stands in for it where it is not installed.
///
/// threads  any, once it is made.
class media_types {
 public:
  explicit media_types(const char* table = "/etc/mime.types");

  /// The type of `name`, "text/…" with its charset; "application/octet-stream" if nothing is known.
  /// The case of letters does not matter.
  [[nodiscard]] std::string of(std::string_view name) const;

 private:
  std::unordered_map<std::string, std::string> by_ending_;
};

}  // namespace tool
