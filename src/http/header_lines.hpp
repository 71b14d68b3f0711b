// SPDX-License-Identifier: MIT
#pragma once

/// The lines of a header. Real servers end a line with LF alone, or fold a field into two lines;
/// the grammar behind this sees CRLF and one line for each field.

#include <bight/lease.hpp>

#include "base/names.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace bight::http {

/// Collects a header from the pieces in which a connection delivers it.
///
/// A line ends with CRLF or LF (RFC 9112 §2.2). A line that begins with a blank continues the one
/// before it, and becomes a blank and its text (§5.2). Empty lines before the first are skipped.
class header_lines {
 public:
  /// bytes_max  of the header as it came.
  /// lines_max  the first line not counted, folded lines counted as one.
  header_lines(std::size_t bytes_max, std::size_t lines_max)
      : bytes_max_(bytes_max), lines_max_(lines_max) {}

  /// Takes from the front of `bytes` what belongs to the header, its empty line included. Whether
  /// that line has come.
  ///
  /// errors  over_limit; malformed for a second line that begins with a blank.
  bool take(lease& bytes);

  /// The lines so far, with CRLF between them; after take() has said true, with the empty line.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  /// The first `count` bytes of the first line, or as many as have come.
  [[nodiscard]] std::string_view begin(std::size_t count) const noexcept;

  void clear() noexcept;

 private:
  bool end_line();

  const std::size_t bytes_max_;
  const std::size_t lines_max_;
  std::size_t bytes_ = 0;
  std::size_t lines_ = 0;
  std::string text_;
  std::string line_;  // the one whose end has not come
};

}  // namespace bight::http
