// SPDX-License-Identifier: MIT
#pragma once

/// Buffers provided to the kernel. It takes one only when bytes arrive, so an idle connection has
/// none.

#include <bight/lease.hpp>

#include "base/names.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace bight::uring {

/// A group of provided buffers (io_uring_register_buf_ring(3)). A receive returns a lease on the
/// buffer itself. The buffer goes back to the kernel when the kernel has finished with it and the
/// last lease has ended.
///
/// Some of the buffers can be a reserve: data in those is copied, as long as there is memory.
///
/// Leases may outlive the group and the engine.
class buffer_ring {
 public:
  struct shape {
    std::uint16_t count;  // a power of two
    std::uint32_t size;
    bool incremental;  // several arrivals share a buffer; Linux 6.12
    std::uint16_t reserve;
  };

  buffer_ring() noexcept = default;
  buffer_ring(const buffer_ring&) = delete;
  buffer_ring& operator=(const buffer_ring&) = delete;
  /// No request that uses the group may be armed.
  ~buffer_ring();

  /// Allocates and registers the buffers. Returns 0 or -errno.
  [[nodiscard]] int set_up(int ring_fd, std::uint16_t group, shape s) noexcept;

  /// Number of buffers that the kernel has.
  [[nodiscard]] unsigned with_kernel() const noexcept;

  /// Whether `bytes` is a lease on one of these buffers.
  [[nodiscard]] bool lends(const lease& bytes) const noexcept;

  /// The address of the next arrival in buffer `id`.
  [[nodiscard]] std::byte* arrival(unsigned id) const noexcept;

  /// Whether an arrival of `size` bytes ends at the end of buffer `id`.
  [[nodiscard]] bool filled_by(unsigned id, std::size_t size) const noexcept;

  /// Returns a lease on an arrival of `size` bytes; the kernel keeps the rest of the buffer. The
  /// group must have no reserve.
  [[nodiscard]] lease take_some(unsigned id, std::size_t size);
  /// Returns a lease on `size` bytes at `data`, of an arrival of `used` bytes in buffer `id`.
  /// `kept`: the kernel keeps the rest of the buffer.
  [[nodiscard]] lease take(unsigned id, std::size_t used, bool kept, const std::byte* data,
                           std::size_t size) noexcept;

  [[nodiscard]] std::string describe() const;

 private:
  struct buffer;
  struct shared;
  shared* shared_ = nullptr;
};

}  // namespace bight::uring
