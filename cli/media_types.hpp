// SPDX-License-Identifier: MIT
#pragma once

/// The media type of a file, by its extension.

#include <string>
#include <string_view>
#include <unordered_map>

namespace tool {

/// Reads the system's table, /etc/mime.types (Debian's package media-types). http::media_type() has
/// the types that are missing there, and all where the system has no table.
///
/// threads  any, after construction.
class media_types {
 public:
  explicit media_types(const char* table = "/etc/mime.types");

  /// The type of `name`, with a charset for "text/…"; "application/octet-stream" if unknown.
  /// Case-insensitive.
  [[nodiscard]] std::string of(std::string_view name) const;

 private:
  std::unordered_map<std::string, std::string> by_ending_;
};

}  // namespace tool
