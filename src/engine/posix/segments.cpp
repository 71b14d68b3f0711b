// SPDX-License-Identifier: MIT
#include "engine/posix/segments.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <netinet/in.h>
#include <netinet/udp.h>

namespace bight::posix {

namespace {

constexpr std::size_t payload_max = 65507;  // 65,535 less the headers of IPv4 and UDP
constexpr std::size_t segments_max = 64;    // UDP_MAX_SEGMENTS before Linux 6.9, 128 since

}  // namespace

void join_arrivals(slot& s) noexcept {
  if (s.joins) return;
  s.joins = true;  // asked once, whatever comes of it
  const int on = 1;
  static_cast<void>(setsockopt(s.fd, SOL_UDP, UDP_GRO, &on, sizeof on));
}

std::uint32_t joined_size(const void* control, std::size_t size) noexcept {
  msghdr message{};
  message.msg_control = const_cast<void*>(control);
  message.msg_controllen = size;
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level != SOL_UDP || c->cmsg_type != UDP_GRO) continue;
    int segment = 0;
    std::memcpy(&segment, CMSG_DATA(c), sizeof segment);
    return static_cast<std::uint32_t>(segment);
  }
  return 0;
}

std::size_t next_run(const op& o, msghdr& message, segment_control& room) noexcept {
  const std::size_t left = o.pieces->size;
  const std::size_t most = std::clamp<std::size_t>(payload_max / o.segment, 1, segments_max);
  const std::size_t size = std::min(left, (o.many ? most : 1) * o.segment);
  if (size <= o.segment) return size;
  message.msg_control = room.bytes;
  message.msg_controllen = CMSG_SPACE(sizeof(std::uint16_t));
  cmsghdr* c = CMSG_FIRSTHDR(&message);
  c->cmsg_level = SOL_UDP;
  c->cmsg_type = UDP_SEGMENT;
  c->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
  const auto segment = static_cast<std::uint16_t>(o.segment);
  std::memcpy(CMSG_DATA(c), &segment, sizeof segment);
  return size;
}

bool must_go_apart(int number) noexcept {
  return number == EIO || number == EINVAL || number == EMSGSIZE || number == EOPNOTSUPP;
}

}  // namespace bight::posix
