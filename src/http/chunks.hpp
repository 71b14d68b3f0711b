// SPDX-License-Identifier: MIT
#pragma once

/// The chunked transfer coding (RFC 9112 §7.1), however its bytes are split.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bight::http {

/// How much of what real servers get wrong is accepted. A server is strict, because a proxy in
/// front of it may find the end of a request elsewhere.
enum class chunk_syntax : std::uint8_t {
  lenient,  ///< a line ends with CRLF or LF, and blanks may follow a size
  strict,   ///< as RFC 9112 §7.1 requires
};

/// Parses everything in a chunked body but the data: sizes, extensions, line ends, the trailer.
/// Extensions and trailer fields are discarded, because they must not change the meaning of the
/// header.
class chunk_reader {
 public:
  /// line_max    maximum size of a chunk's first line, and of the whole trailer, in bytes.
  /// fields_max  maximum number of fields in header and trailer together.
  /// fields      the number of fields in the header.
  chunk_reader(std::size_t line_max, std::size_t fields_max, std::size_t fields,
               chunk_syntax syntax = chunk_syntax::lenient)
      : line_max_(line_max), fields_max_(fields_max), syntax_(syntax), fields_(fields) {}

  /// Parses the front of `bytes`, up to the data of a chunk or the end of the body. Must not be
  /// called before the data of the current chunk has been taken, that is, until left() is 0.
  ///
  /// returns  the number of bytes used.
  /// errors   malformed, over_limit.
  std::size_t read(std::string_view bytes);

  /// The number of data bytes left in the current chunk.
  [[nodiscard]] std::uint64_t left() const noexcept { return left_; }
  /// Counts data bytes that the caller has taken.
  void took(std::size_t count) noexcept { left_ -= count; }
  /// Whether the body is complete.
  [[nodiscard]] bool done() const noexcept { return next_ == part::end; }

 private:
  enum class part : std::uint8_t { size, end_of_data, trailer, end };

  void check_first_byte() const;
  void end_line();
  void read_size(std::string_view line);

  const std::size_t line_max_;
  const std::size_t fields_max_;
  const chunk_syntax syntax_;
  part next_ = part::size;
  std::uint64_t left_ = 0;
  std::size_t trailer_bytes_ = 0;
  std::size_t unneeded_bytes_ = 0;
  std::size_t fields_;
  bool in_trailer_field_ = false;
  std::string line_;  // the current line, as far as it has been received
};

}  // namespace bight::http
