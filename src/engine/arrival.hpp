// SPDX-License-Identifier: MIT
#pragma once

/// What has arrived on a socket, before anybody has taken it.

#include <bight/address.hpp>
#include <bight/lease.hpp>

#include "base/names.hpp"

#include <cstdint>
#include <vector>

namespace bight {

/// One arrival: bytes of a stream, or a datagram with its sender.
struct arrival {
  lease data;
  address from;
  bool truncated = false;
  std::uint32_t segment = 0;  ///< several datagrams, of so many bytes each but the last; 0: one
};

using arrivals = std::vector<arrival>;

}  // namespace bight
