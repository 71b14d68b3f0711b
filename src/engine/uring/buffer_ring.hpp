// SPDX-License-Identifier: MIT
#pragma once

/// Buffers lent to the kernel, which fills one when bytes arrive and not before: an idle
/// connection holds none.

#include <bight/lease.hpp>

#include "base/names.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace bight::uring {

/// A group of provided buffers (io_uring_register_buf_ring(3)). What arrives is handed on as a
/// lease on the buffer itself; a buffer goes back to the kernel when the kernel has finished with
/// it and the last lease on it has ended.
///
/// Some of the buffers may be a reserve: what arrives in those is copied while there is memory for
/// copies.
///
/// Leases may outlive it and the engine.
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
  /// The kernel must be done with it: nothing may be armed on it any more.
  ~buffer_ring();

  /// Allocates and registers. 0 or -errno.
  [[nodiscard]] int set_up(int ring_fd, std::uint16_t group, shape s) noexcept;

  /// How many buffers the kernel has.
  [[nodiscard]] unsigned with_kernel() const noexcept;

  /// Whether it is one of these buffers that `bytes` keeps.
  [[nodiscard]] bool lends(const lease& bytes) const noexcept;

  /// Where the next arrival in buffer `id` lies.
  [[nodiscard]] std::byte* arrival(unsigned id) const noexcept;

  /// Whether an arrival of `size` bytes goes up to the end of buffer `id`.
  [[nodiscard]] bool filled_by(unsigned id, std::size_t size) const noexcept;

  /// An arrival of `size` bytes, with the rest of whose buffer the kernel goes on. There must be no
  /// reserve.
  [[nodiscard]] lease take_some(unsigned id, std::size_t size);
  /// An arrival of `used` bytes in buffer `id`, of which `size` at `data` are of interest.
  /// `kept`: the kernel goes on with the rest of this buffer.
  [[nodiscard]] lease take(unsigned id, std::size_t used, bool kept, const std::byte* data,
                           std::size_t size) noexcept;

  [[nodiscard]] std::string describe() const;

 private:
  struct buffer;
  struct shared;
  shared* shared_ = nullptr;
};

}  // namespace bight::uring
