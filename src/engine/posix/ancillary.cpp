// SPDX-License-Identifier: MIT
#include "engine/posix/ancillary.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <netinet/udp.h>

namespace bight::posix {

namespace {

bool is_link_local(const std::array<std::uint8_t, 16>& ip) noexcept {
  return ip[0] == 0xFE && (ip[1] & 0xC0) == 0x80;
}

// Only a unicast address can be a source: neither 255.255.255.255 nor multicast, 224.0.0.0/4
// (RFC 5771) and ff00::/8 (RFC 4291).
bool may_be_source(const address& to) noexcept {
  const std::uint8_t first = to.source_bytes()[0];
  return to.kind() == address_kind::ip4 ? first < 224 : first != 0xFF;
}

void read_ip4_target(const cmsghdr& item, address& from) noexcept {
  in_pktinfo info;
  std::memcpy(&info, CMSG_DATA(&item), sizeof info);
  std::array<std::uint8_t, 16> ip{};
  std::memcpy(ip.data(), &info.ipi_addr, 4);
  from.set_source(ip);
}

// A datagram over IPv4 on a dual-stack socket has a v4-mapped address.
void read_ip6_target(const cmsghdr& item, address& from) noexcept {
  in6_pktinfo info;
  std::memcpy(&info, CMSG_DATA(&item), sizeof info);
  std::array<std::uint8_t, 16> ip{};
  if (from.kind() == address_kind::ip4) {
    std::memcpy(ip.data(), &info.ipi6_addr.s6_addr[12], 4);
    return from.set_source(ip);
  }
  std::memcpy(ip.data(), &info.ipi6_addr, 16);
  from.set_source(ip, is_link_local(ip) ? info.ipi6_ifindex : 0);
}

}  // namespace

void add_item(msghdr& message, ancillary& room, int level, int type, const void* data,
              std::size_t size) noexcept {
  message.msg_control = room.bytes;
  auto* const item = reinterpret_cast<cmsghdr*>(room.bytes + message.msg_controllen);
  item->cmsg_level = level;
  item->cmsg_type = type;
  item->cmsg_len = CMSG_LEN(size);
  std::memcpy(CMSG_DATA(item), data, size);
  message.msg_controllen += CMSG_SPACE(size);
}

void ask_for_targets(socket& s, const address& bound) noexcept {
  const auto& ip = bound.bytes();
  const bool every = std::all_of(ip.begin(), ip.end(), [](std::uint8_t b) { return b == 0; });
  if (s.kind != socket_kind::datagram || !every) return;
  const int on = 1;
  s.tells_target =
      (s.family == AF_INET ? setsockopt(s.fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on)
                           : setsockopt(s.fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on)) == 0;
}

void read_ancillary(const void* control, std::size_t size, arrival& a) noexcept {
  msghdr message{};
  message.msg_control = const_cast<void*>(control);
  message.msg_controllen = size;
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO) {
      int segment = 0;
      std::memcpy(&segment, CMSG_DATA(c), sizeof segment);
      a.segment = static_cast<std::uint32_t>(segment);
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
      read_ip6_target(*c, a.from);
    } else if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
      read_ip4_target(*c, a.from);
    }
  }
}

bool names_source(const op& o, const socket& s) noexcept {
  return s.tells_target && o.peer != nullptr && o.peer->has_source() && !o.any_source &&
         may_be_source(*o.peer);
}

// Names the interface only for link-local addresses, because it would override the routes.
void add_source(const op& o, const socket& s, msghdr& message, ancillary& room) noexcept {
  const address& to = *o.peer;
  const auto& ip = to.source_bytes();
  if (s.family == AF_INET) {
    in_pktinfo info{};
    std::memcpy(&info.ipi_spec_dst, ip.data(), 4);
    return add_item(message, room, IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
  }
  in6_pktinfo info{};
  if (to.kind() == address_kind::ip4) {
    info.ipi6_addr.s6_addr[10] = info.ipi6_addr.s6_addr[11] = 0xFF;
    std::memcpy(&info.ipi6_addr.s6_addr[12], ip.data(), 4);
  } else {
    std::memcpy(&info.ipi6_addr, ip.data(), 16);
    info.ipi6_ifindex = to.source_scope();
  }
  add_item(message, room, IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
}

bool source_refused(op& o, const socket& s, int number) noexcept {
  const bool may_be = number == EINVAL || number == ENETUNREACH || number == EADDRNOTAVAIL;
  if (!may_be || !names_source(o, s)) return false;
  o.any_source = true;
  return true;
}

}  // namespace bight::posix
