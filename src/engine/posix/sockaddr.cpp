// SPDX-License-Identifier: MIT
#include "engine/posix/sockaddr.hpp"

#include <cstddef>
#include <cstring>
#include <new>

#include <net/if.h>
#include <netinet/in.h>
#include <sys/un.h>

namespace bight::posix {

namespace {

void local_name(const address& a, socket_name& name) noexcept {
  auto& un = *::new (&name.storage) sockaddr_un{};
  const std::string_view path = a.text();
  un.sun_family = AF_UNIX;
  std::memcpy(un.sun_path, path.data(), path.size());
  name.length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  if (path[0] == '@') {  // abstract: starts with NUL, and the length is part of the name
    un.sun_path[0] = '\0';
    --name.length;
  }
}

void ip4_name(const address& a, socket_name& name) noexcept {
  auto& in = *::new (&name.storage) sockaddr_in{};
  in.sin_family = AF_INET;
  in.sin_port = htons(a.port());
  std::memcpy(&in.sin_addr, a.bytes().data(), 4);  // zeros for kind any
  name.length = sizeof in;
}

std::uint32_t scope_of(const address& a) noexcept {
  if (a.scope() != 0) return a.scope();
  char zone[IF_NAMESIZE] = {};
  const std::string_view name = a.text();
  if (name.empty() || name.size() >= sizeof zone) return 0;
  std::memcpy(zone, name.data(), name.size());
  return if_nametoindex(zone);
}

void ip6_name(const address& a, socket_name& name) noexcept {
  auto& in6 = *::new (&name.storage) sockaddr_in6{};
  in6.sin6_family = AF_INET6;
  in6.sin6_port = htons(a.port());
  if (a.kind() == address_kind::ip4) {
    in6.sin6_addr.s6_addr[10] = in6.sin6_addr.s6_addr[11] = 0xFF;
    std::memcpy(&in6.sin6_addr.s6_addr[12], a.bytes().data(), 4);
  } else {
    std::memcpy(&in6.sin6_addr, a.bytes().data(), 16);
    in6.sin6_scope_id = scope_of(a);
  }
  name.length = sizeof in6;
}

}  // namespace

void to_system(const address& a, int family, socket_name& name) noexcept {
  if (!has_name(a, family))
    name.length = 0;
  else if (family == AF_INET)
    ip4_name(a, name);
  else if (family == AF_INET6)
    ip6_name(a, name);
  else
    local_name(a, name);
}

address from_system(const sockaddr* name, socklen_t length) {
  if (length == 0) return {};
  if (name->sa_family == AF_INET) {
    const auto& in = *reinterpret_cast<const sockaddr_in*>(name);
    std::array<std::uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &in.sin_addr, 4);
    return address::ip4(bytes, ntohs(in.sin_port));
  }
  if (name->sa_family == AF_INET6) {
    const auto& in6 = *reinterpret_cast<const sockaddr_in6*>(name);
    const std::uint16_t port = ntohs(in6.sin6_port);
    std::array<std::uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), &in6.sin6_addr, 16);
    return address::ip6(bytes, port, in6.sin6_scope_id);
  }
  if (name->sa_family == AF_UNIX) {
    const auto& un = *reinterpret_cast<const sockaddr_un*>(name);
    const std::size_t size = length - offsetof(sockaddr_un, sun_path);
    if (size == 0) return {};  // the peer is unnamed
    if (un.sun_path[0] == '\0')
      return address::unix_socket("@" + std::string(un.sun_path + 1, size - 1));
    return address::unix_socket(std::string(un.sun_path, strnlen(un.sun_path, size)));
  }
  return {};
}

}  // namespace bight::posix
