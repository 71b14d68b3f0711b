// SPDX-License-Identifier: MIT
#pragma once

/// Features of the kernel that the headers of liburing 2.3 lack, each with the first version of
/// Linux. The names differ from the kernel's, so that newer headers do not collide.

#include <cstdint>

#include <liburing.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace bight::uring::abi {

/// Linux 6.12. Several receives fill one buffer of a ring, piece by piece.
inline constexpr std::uint16_t buffer_ring_incremental = 2;  // IOU_PBUF_RING_INC

/// Linux 6.12. The buffer of the completion has room left, and the kernel keeps it.
inline constexpr std::uint32_t completion_buffer_more = 1U << 4;  // IORING_CQE_F_BUF_MORE

/// struct io_uring_buf_reg. Linux 5.19; `flags` since 6.2, where it replaces padding.
struct buffer_ring_registration {
  std::uint64_t ring_address = 0;
  std::uint32_t entries = 0;
  std::uint16_t group = 0;
  std::uint16_t flags = 0;
  std::uint64_t reserved[3]{};
};
static_assert(sizeof(buffer_ring_registration) == sizeof(io_uring_buf_reg));

/// Linux 5.19. Returns 0 or -errno. The call of liburing 2.3 cannot pass the flags.
inline int register_buffer_ring(int ring_fd, const buffer_ring_registration& r) noexcept {
  const long outcome = syscall(__NR_io_uring_register, ring_fd, IORING_REGISTER_PBUF_RING, &r, 1);
  return outcome < 0 ? -errno : 0;
}

}  // namespace bight::uring::abi
