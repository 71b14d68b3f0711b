// SPDX-License-Identifier: MIT
#pragma once

/// Buffers for calls that transfer several datagrams: recvmmsg(2), sendmmsg(2).

#include "engine/posix/ancillary.hpp"
#include "engine/posix/sockaddr.hpp"

#include <array>
#include <cstddef>
#include <memory>

#include <sys/socket.h>
#include <sys/uio.h>

namespace bight::readiness {

struct datagram_batch {
  static constexpr unsigned count = 64;
  static constexpr std::size_t datagram_max = 65536;  // more than any datagram, so none is cut
  // Not a power of two, because the starts of all rooms would map to one set of the caches.
  static constexpr std::size_t stride = datagram_max + 192;

  std::array<mmsghdr, count> messages{};
  std::array<iovec, count> rooms{};
  std::array<posix::socket_name, count> names{};
  std::array<posix::ancillary, count> controls;
  // Not initialised, so that a page without received bytes uses no memory.
  std::unique_ptr<std::byte[]> bytes = std::make_unique_for_overwrite<std::byte[]>(count * stride);

  [[nodiscard]] std::byte* room(unsigned i) const noexcept { return bytes.get() + i * stride; }
};

}  // namespace bight::readiness
