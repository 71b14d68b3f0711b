// SPDX-License-Identifier: MIT
#pragma once

/// Receive buffers. Many small messages share one block.

#include <bight/lease.hpp>

#include "base/names.hpp"

#include <cstddef>
#include <memory>
#include <span>

namespace bight {

/// Leases pieces of large blocks. A block is filled from front to back and reused when its last
/// lease ends. Outstanding leases may outlive the engine: they keep the pool's state alive.
///
/// When leases hold many blocks, a small piece is returned as a separate copy. Otherwise a few
/// bytes kept for a long time would pin a whole block.
class buffer_pool {
 public:
  // Slightly more than a power of two. When a receive fills its room exactly, the receiver must
  // call the kernel again, because more data may be pending. With exactly 64 KiB, every fourth
  // message of 16 KiB would do that.
  static constexpr std::size_t block_size = 65536 + 64;
  static constexpr std::size_t blocks_held_max = 64;  // 4 MiB; above this, small leases are copies
  static constexpr std::size_t copy_max = 16384;      // larger pieces are not copied

  buffer_pool();
  ~buffer_pool();
  buffer_pool(const buffer_pool&) = delete;
  buffer_pool& operator=(const buffer_pool&) = delete;

  /// Returns room for a receive of up to `max` bytes: at least min(max, 4 KiB), at most a block.
  /// Valid until the next call.
  [[nodiscard]] std::span<std::byte> room(std::size_t max);
  /// As above, but at least `min` bytes.
  [[nodiscard]] std::span<std::byte> room(std::size_t max, std::size_t min);
  /// Turns the first `n` bytes of the last room into a lease. Needs no new memory, so it cannot
  /// fail.
  [[nodiscard]] lease fill(std::size_t n) noexcept;
  /// Returns a lease on a copy of `bytes`, or an empty lease if memory runs out.
  [[nodiscard]] lease copy_if_possible(std::span<const std::byte> bytes) noexcept;
  /// Returns a lease on a copy of `bytes`.
  [[nodiscard]] lease copy(std::span<const std::byte> bytes);

 private:
  struct block;
  struct shared;
  shared* shared_;
};

}  // namespace bight
