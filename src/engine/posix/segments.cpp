// SPDX-License-Identifier: MIT
#include "engine/posix/segments.hpp"

#include <algorithm>
#include <cerrno>

#include <netinet/in.h>
#include <netinet/udp.h>

namespace bight::posix {

namespace {

constexpr std::size_t payload_max = 65507;  // 65,535 minus the headers of IPv4 and UDP
constexpr std::size_t segments_max = 64;    // UDP_MAX_SEGMENTS before Linux 6.9; 128 since then

}  // namespace

void join_arrivals(socket& s) noexcept {
  if (s.joins) return;
  s.joins = true;  // requested once, even if refused
  const int on = 1;
  static_cast<void>(setsockopt(s.fd, SOL_UDP, UDP_GRO, &on, sizeof on));
}

std::size_t next_run(const op& o, msghdr& message, ancillary& room) noexcept {
  const std::size_t left = o.pieces->size;
  const std::size_t most = std::clamp<std::size_t>(payload_max / o.segment, 1, segments_max);
  const std::size_t size = std::min(left, (o.many ? most : 1) * o.segment);
  if (size <= o.segment) return size;
  const auto segment = static_cast<std::uint16_t>(o.segment);
  add_item(message, room, SOL_UDP, UDP_SEGMENT, &segment, sizeof segment);
  return size;
}

bool must_go_apart(int number) noexcept {
  return number == EIO || number == EINVAL || number == EMSGSIZE || number == EOPNOTSUPP;
}

}  // namespace bight::posix
