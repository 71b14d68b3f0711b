// SPDX-License-Identifier: MIT
#pragma once

/// What of a download is there already, and how to ask for the rest.

#include <bight/http.hpp>

#include <optional>
#include <string>

namespace tool {

/// Which version of which page a FILE.part is the beginning of. Kept beside it, as FILE.part.from,
/// while the file is not whole.
struct part_origin {
  std::string url;
  /// What the server must still have for the rest to fit: a strong ETag, or else a date that is
  /// strong (RFC 9110 §8.8).
  std::string validator;

  /// What a response tells; none when the rest could not be asked for.
  [[nodiscard]] static std::optional<part_origin> of(const bight::http::url& asked,
                                                     const bight::http::response& page);
  /// Reads what stands beside `part`; none when that is missing or no such thing.
  [[nodiscard]] static std::optional<part_origin> read(const std::string& part);
  /// Writes it. Failing to is no failure: the next try begins anew.
  void write(const std::string& part) const;
  static void remove(const std::string& part) noexcept;
};

/// The first byte of a 206: "bytes 500-999/1000" begins at 500.
[[nodiscard]] std::optional<std::uint64_t> range_start(const bight::http::response_head& h);

/// A name to save `u` under, that cannot lead out of the current folder or hide there: of the last
/// part of the path as it was typed, never of anything a server says.
[[nodiscard]] std::string file_name_of(const bight::http::url& u);

}  // namespace tool
