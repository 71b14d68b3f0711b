// SPDX-License-Identifier: MIT
#pragma once

/// Data that has arrived on a socket and has not been received yet.

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
  std::uint32_t segment = 0;  ///< bytes of each datagram but the last; 0: one datagram
};

using arrivals = std::vector<arrival>;

}  // namespace bight
