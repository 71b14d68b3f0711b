// SPDX-License-Identifier: MIT
#include "sim/guard.hpp"

#include <algorithm>
#include <cstring>

namespace bight::sim::guard {

namespace {

constexpr std::size_t watched_max = 65536;

// A hash of the first bytes that have not been sent.
std::uint32_t fingerprint(const op& o) noexcept {
  std::uint64_t hash = 0;
  std::size_t left = watched_max;
  for (std::uint32_t i = 0; i < o.piece_count && left > 0; ++i) {
    const std::size_t n = std::min(o.pieces[i].size, left);
    hash = hash * 31 + hash_of({static_cast<const std::byte*>(o.pieces[i].data), n});
    left -= n;
  }
  return static_cast<std::uint32_t>(hash >> 32 ^ hash);
}

}  // namespace

void poison_receive(universe& u, op& o) noexcept {
  if (u.options.guard_buffers && o.what == verb::recv_into)
    std::memset(o.buffer, poison, std::min<std::size_t>(o.size, watched_max));
}

void watch_sent(universe& u, op& o) noexcept {
  if (u.options.guard_buffers)
    o.engine_data = reinterpret_cast<void*>(std::uintptr_t(fingerprint(o)));
}

void check_sent(universe& u, const op& o) {
  if (!u.options.guard_buffers) return;
  if (reinterpret_cast<std::uintptr_t>(o.engine_data) != fingerprint(o))
    u.fail("a program has changed the bytes of a send that was in flight");
}

}  // namespace bight::sim::guard
