// SPDX-License-Identifier: MIT
#pragma once

/// The chunked transfer coding, RFC 9112 §7.1, at any cut of its bytes.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bight::http {

/// Reads what stands around the chunks of a body. A line ends with CRLF or LF, and blanks may
/// follow a size. Extensions and the trailer are read and dropped: they may add nothing to what the
/// header has said.
class chunk_reader {
 public:
  /// line_max    bytes of the line before a chunk, and of the whole trailer.
  /// fields_max  of header and trailer together; the header had `fields`.
  chunk_reader(std::size_t line_max, std::size_t fields_max, std::size_t fields)
      : line_max_(line_max), fields_max_(fields_max), fields_(fields) {}

  /// Reads on from the front of `bytes`, up to the data of a chunk or the end of the body. How many
  /// bytes it has used. Not to be called while left() is not 0.
  ///
  /// errors  malformed, over_limit.
  std::size_t read(std::string_view bytes);

  /// Bytes of the current chunk that are still to come.
  [[nodiscard]] std::uint64_t left() const noexcept { return left_; }
  /// Says that `count` bytes of them have been taken.
  void took(std::size_t count) noexcept { left_ -= count; }
  /// Whether the body is complete.
  [[nodiscard]] bool done() const noexcept { return next_ == part::nothing; }

 private:
  enum class part : std::uint8_t { size, end_of_data, trailer, nothing };

  void check_begun() const;
  void end_line();
  void read_size(std::string_view line);

  const std::size_t line_max_;
  const std::size_t fields_max_;
  part next_ = part::size;
  std::uint64_t left_ = 0;
  std::size_t trailer_bytes_ = 0;
  std::size_t fields_;
  bool in_trailer_field_ = false;
  std::string line_;  // the one whose end has not come
};

}  // namespace bight::http
