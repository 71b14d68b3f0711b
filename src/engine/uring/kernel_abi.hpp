// SPDX-License-Identifier: MIT
#pragma once

/// What the kernel's io_uring has and the headers of liburing 2.3 lack, each with the version of
/// Linux that it came in. In names of our own, so that newer headers do not collide.

#include <cstdint>

#include <liburing.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace bight::uring::abi {

/// Linux 6.12. A buffer of a ring is used up piece by piece, by several receives.
inline constexpr std::uint16_t buffer_ring_incremental = 2;  // IOU_PBUF_RING_INC

/// Linux 6.12. The completion's buffer has room left, and the kernel keeps it.
inline constexpr std::uint32_t completion_buffer_more = 1U << 4;  // IORING_CQE_F_BUF_MORE

/// Linux 5.19; `flags` since 6.2 (padding that must be zero before). struct io_uring_buf_reg.
struct buffer_ring_registration {
  std::uint64_t ring_address = 0;
  std::uint32_t entries = 0;
  std::uint16_t group = 0;
  std::uint16_t flags = 0;
  std::uint64_t reserved[3]{};
};
static_assert(sizeof(buffer_ring_registration) == sizeof(io_uring_buf_reg));

/// Linux 5.19. 0 or -errno. liburing 2.3 has a call for it that cannot pass the flags.
inline int register_buffer_ring(int ring_fd, const buffer_ring_registration& r) noexcept {
  const long outcome = syscall(__NR_io_uring_register, ring_fd, IORING_REGISTER_PBUF_RING, &r, 1);
  return outcome < 0 ? -errno : 0;
}

}  // namespace bight::uring::abi
