// SPDX-License-Identifier: MIT
#pragma once

/// The pieces of a send, as they go.

#include <bight/machinery/op.hpp>

#include "base/names.hpp"

namespace bight {

/// Skips pieces of no bytes; false when none is left.
[[nodiscard]] inline bool more_pieces(op& o) noexcept {
  while (o.piece_count > 0 && o.pieces->size == 0) {
    ++o.pieces;
    --o.piece_count;
  }
  return o.piece_count > 0;
}

/// Moves the pieces of `o`, of which there are some, past the `n` bytes that have gone; false when
/// none is left.
inline bool advance(op& o, std::size_t n) noexcept {
  while (n >= o.pieces->size) {
    n -= o.pieces->size;
    ++o.pieces;
    if (--o.piece_count == 0) return false;
  }
  o.pieces->data = static_cast<const char*>(o.pieces->data) + n;
  o.pieces->size -= n;
  return true;
}

}  // namespace bight
