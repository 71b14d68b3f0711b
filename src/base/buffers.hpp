// SPDX-License-Identifier: MIT
#pragma once

/// Buffers that receives are made into, shared by many small messages each.

#include <bight/lease.hpp>

#include "base/names.hpp"

#include <cstddef>
#include <memory>
#include <span>

namespace bight {

/// Lends out pieces of large blocks. A block goes round: filled from front to back, and used again
/// when the last lease on it has ended. Outlives its engine while leases are out.
///
/// With many blocks held by leases, small pieces come as copies of their own size instead, so that
/// a few bytes kept for long cannot pin a block each.
class buffer_pool {
 public:
  // A little more than a power of two: what exactly fills its room may not be all that has come, so
  // whoever received it asks the kernel once more. Messages of 16 KiB would fill it up at each
  // fourth.
  static constexpr std::size_t block_size = 65536 + 64;
  static constexpr std::size_t blocks_held_max = 64;  // 4 MiB; beyond it small leases are copies
  static constexpr std::size_t copy_max = 16384;      // larger pieces are worth their block

  buffer_pool();
  ~buffer_pool();
  buffer_pool(const buffer_pool&) = delete;
  buffer_pool& operator=(const buffer_pool&) = delete;

  /// Room for a receive of up to `max` bytes: at least min(max, 4 KiB), at most a block. Valid
  /// until the next call.
  [[nodiscard]] std::span<std::byte> room(std::size_t max);
  /// The same of at least `min` bytes.
  [[nodiscard]] std::span<std::byte> room(std::size_t max, std::size_t min);
  /// Makes the first `n` bytes of that room a lease. Never fails: the bytes are there already.
  [[nodiscard]] lease fill(std::size_t n) noexcept;
  /// A lease on a copy of `bytes`; an empty one when there is no memory for that.
  [[nodiscard]] lease copy_if_possible(std::span<const std::byte> bytes) noexcept;
  /// A lease on a copy of `bytes`.
  [[nodiscard]] lease copy(std::span<const std::byte> bytes);

 private:
  struct block;
  struct shared;
  shared* shared_;
};

}  // namespace bight
