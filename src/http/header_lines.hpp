// SPDX-License-Identifier: MIT
#pragma once

/// The lines of a header in the form that the grammar requires: each line ends with CRLF, and each
/// field is one line. Some servers end a line with LF alone, or fold a field into two lines.

#include <bight/lease.hpp>

#include "base/names.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace bight::http {

/// Collects a header from the pieces in which it is received.
///
/// A line ends with CRLF or LF (RFC 9112 §2.2). A line that begins with a blank continues the line
/// before it, and is joined to it with one blank (§5.2). Empty lines before the header are skipped.
class header_lines {
 public:
  /// bytes_max  maximum size of the header as it was received.
  /// lines_max  maximum number of lines after the first; a folded field counts as one.
  header_lines(std::size_t bytes_max, std::size_t lines_max)
      : bytes_max_(bytes_max), lines_max_(lines_max) {}

  /// Takes the bytes of the header, including the empty line at its end, from the front of `bytes`.
  ///
  /// returns  whether the header is complete.
  /// errors   over_limit; malformed for a second line that begins with a blank.
  bool take(lease& bytes);

  /// The lines so far, with CRLF between them. Once take() has returned true: the whole header.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  /// The first `count` bytes of the first line, or fewer if they have not been received.
  [[nodiscard]] std::string_view first_bytes(std::size_t count) const noexcept;

  void clear() noexcept;

 private:
  bool end_line();

  const std::size_t bytes_max_;
  const std::size_t lines_max_;
  std::size_t bytes_ = 0;
  std::size_t lines_ = 0;
  std::string text_;
  std::string line_;  // the current line, as far as it has been received
};

}  // namespace bight::http
