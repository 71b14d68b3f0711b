// SPDX-License-Identifier: MIT
#pragma once

/// Converts between Bight's addresses and the system's.

#include <bight/address.hpp>

#include "base/names.hpp"

#include <sys/socket.h>

namespace bight::posix {

/// A sockaddr of any family, with its length. Its 128 bytes are not initialised, because zeroing
/// them for each datagram would be measurable.
struct socket_name {
  socket_name() noexcept : length(sizeof(sockaddr_storage)) {}

  sockaddr_storage storage;
  socklen_t length;

  [[nodiscard]] sockaddr* get() noexcept { return reinterpret_cast<sockaddr*>(&storage); }
  [[nodiscard]] const sockaddr* get() const noexcept {
    return reinterpret_cast<const sockaddr*>(&storage);
  }
};

/// Whether `a` can be expressed in `family`.
[[nodiscard]] inline bool has_name(const address& a, int family) noexcept {
  if (a.is_unix()) return family == AF_UNIX;
  if (a.kind() == address_kind::ip6) return family == AF_INET6;
  const bool either = a.kind() == address_kind::ip4 || a.kind() == address_kind::any;
  return either && (family == AF_INET || family == AF_INET6);
}

/// Writes `a` to `name`, for a socket of `family` (AF_INET, AF_INET6, AF_UNIX). Kind any becomes
/// the wildcard; IPv4 becomes v4-mapped for an IPv6 socket. Sets length 0 if the family cannot
/// express `a`.
void to_system(const address& a, int family, socket_name& name) noexcept;

/// The address in a sockaddr. A v4-mapped address becomes IPv4; an unnamed one has kind none.
[[nodiscard]] address from_system(const sockaddr* name, socklen_t length);
[[nodiscard]] inline address from_system(const socket_name& name) {
  return from_system(name.get(), name.length);
}

}  // namespace bight::posix
