// SPDX-License-Identifier: MIT
#pragma once

/// Tracks the pieces of a send while it progresses.

#include <bight/machinery/op.hpp>

#include "base/names.hpp"

namespace bight {

/// Skips empty pieces. Returns false if none is left.
[[nodiscard]] inline bool more_pieces(op& o) noexcept {
  while (o.piece_count > 0 && o.pieces->size == 0) {
    ++o.pieces;
    --o.piece_count;
  }
  return o.piece_count > 0;
}

/// Advances the pieces of `o` past `n` sent bytes. Returns false if none is left. `o` must have a
/// piece.
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
