// SPDX-License-Identifier: MIT
#pragma once

/// The body of a request or a response, however its bytes are split.

#include <bight/lease.hpp>

#include "http/chunks.hpp"

#include <cstdint>
#include <optional>

namespace bight::http {

/// Finds the end of a body: by its length, by its chunks, or at the end of the connection
/// (RFC 9112 §6.3). Until a framing is chosen, there is none, and the body is complete.
class message_body {
 public:
  void has_length(std::uint64_t length) noexcept {
    framing_ = framing::length;
    length_ = length;
  }
  void is_chunked(chunk_reader reader) {
    framing_ = framing::chunks;
    chunks_.emplace(std::move(reader));
  }
  void ends_with_connection() noexcept { framing_ = framing::until_end; }

  enum class step : std::uint8_t {
    more,   ///< `bytes` is used up
    piece,  ///< piece() has the next bytes
    done,   ///< the body is complete; what is left in `bytes` follows it
  };
  /// Takes the next piece from the front of `bytes`. `ended`: nothing follows them.
  ///
  /// errors  malformed, over_limit.
  [[nodiscard]] step take(lease& bytes, bool ended);

  /// The piece, which shares the buffer of the bytes it was taken from.
  [[nodiscard]] lease piece() noexcept { return std::move(piece_); }
  /// The number of bytes so far.
  [[nodiscard]] std::uint64_t received() const noexcept { return received_; }

 private:
  enum class framing : std::uint8_t { none, length, chunks, until_end };

  [[nodiscard]] step take_up_to(std::uint64_t most, lease& bytes);

  framing framing_ = framing::none;
  std::uint64_t length_ = 0;
  std::uint64_t received_ = 0;
  std::optional<chunk_reader> chunks_;
  lease piece_;
};

}  // namespace bight::http
