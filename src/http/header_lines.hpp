// SPDX-License-Identifier: MIT
#pragma once

/// The lines of a header in the form that the grammar requires: each line ends with CRLF, and each
/// field is one line. Some servers end a line with LF alone, or fold a field into two lines.

#include <bight/lease.hpp>

#include "base/names.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace bight::http {

/// What to do with a field that is folded into several lines (RFC 9112 §5.2).
enum class folded : std::uint8_t { joined, refused };

/// Collects a header from the pieces in which it is received.
///
/// A line ends with CRLF or LF (RFC 9112 §2.2). A line that begins with a blank continues the line
/// before it, and is joined to it with one blank, or refused. Empty lines before the header are
/// skipped.
class header_lines {
 public:
  /// bytes_max  maximum size of the header as it was received.
  /// lines_max  maximum number of lines after the first; a folded field counts as one.
  header_lines(std::size_t bytes_max, std::size_t lines_max, folded folds = folded::joined)
      : bytes_max_(bytes_max), lines_max_(lines_max), folds_(folds) {}

  /// Takes the bytes of the header, including the empty line at its end, from the front of `bytes`.
  ///
  /// returns  whether the header is complete.
  /// errors   over_limit; malformed for a second line that begins with a blank, and for folded
  ///          fields that are refused.
  bool take(lease& bytes);

  /// The lines so far, with CRLF between them. Once take() has returned true: the whole header.
  [[nodiscard]] const std::string& text() const noexcept { return text_; }
  /// Moves the header out.
  [[nodiscard]] std::string take_text() noexcept { return std::move(text_); }
  /// The first `count` bytes of the first line, or fewer if they have not been received.
  [[nodiscard]] std::string_view first_bytes(std::size_t count) const noexcept;

  void clear() noexcept;

 private:
  bool end_line();

  const std::size_t bytes_max_;
  const std::size_t lines_max_;
  const folded folds_;
  std::size_t bytes_ = 0;
  std::size_t lines_ = 0;
  std::string text_;
  std::string line_;  // the current line, as far as it has been received
};

}  // namespace bight::http
