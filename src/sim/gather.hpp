// SPDX-License-Identifier: MIT
#pragma once

/// Takes the bytes of a send from its pieces.

#include "base/buffers.hpp"
#include "engine/pieces.hpp"

#include <algorithm>
#include <cstring>

namespace bight::sim {

/// Returns a lease on a copy of the next `n` bytes and advances the pieces. They must have as many.
[[nodiscard]] inline lease gather(buffer_pool& from, op& o, std::size_t n) {
  if (n == 0) return {};
  const std::span<std::byte> room = from.room(n, n);
  for (std::size_t done = 0; done < n && more_pieces(o);) {
    const std::size_t part = std::min(o.pieces->size, n - done);
    std::memcpy(room.data() + done, o.pieces->data, part);
    done += part;
    advance(o, part);
  }
  return from.fill(n);
}

}  // namespace bight::sim
