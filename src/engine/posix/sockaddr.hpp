// SPDX-License-Identifier: MIT
#pragma once

/// Between Bight's addresses and the system's.

#include <bight/address.hpp>

#include "base/names.hpp"

#include <sys/socket.h>

namespace bight::posix {

/// A sockaddr of any family, with its length. Its 128 bytes are whatever they were before somebody
/// writes a name there: a datagram has no time to spare for zeros.
struct socket_name {
  socket_name() noexcept : length(sizeof(sockaddr_storage)) {}

  sockaddr_storage storage;
  socklen_t length;

  [[nodiscard]] sockaddr* get() noexcept { return reinterpret_cast<sockaddr*>(&storage); }
  [[nodiscard]] const sockaddr* get() const noexcept {
    return reinterpret_cast<const sockaddr*>(&storage);
  }
};

/// Whether `a` can be said in `family`.
[[nodiscard]] inline bool has_name(const address& a, int family) noexcept {
  if (a.is_unix()) return family == AF_UNIX;
  if (a.kind() == address_kind::ip6) return family == AF_INET6;
  const bool either = a.kind() == address_kind::ip4 || a.kind() == address_kind::any;
  return either && (family == AF_INET || family == AF_INET6);
}

/// Writes `a` to `name`, for a socket of `family` (AF_INET, AF_INET6, AF_UNIX): any becomes the
/// wildcard, and IPv4 becomes v4-mapped for an IPv6 socket. Length 0 when it cannot be said in that
/// family.
void to_system(const address& a, int family, socket_name& name) noexcept;

/// The address in a sockaddr; v4-mapped ones come out as the IPv4 that they are. None when unnamed.
[[nodiscard]] address from_system(const sockaddr* name, socklen_t length);
[[nodiscard]] inline address from_system(const socket_name& name) {
  return from_system(name.get(), name.length);
}

}  // namespace bight::posix
