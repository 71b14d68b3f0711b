// SPDX-License-Identifier: MIT
#pragma once

/// Somebody on the way between a client and a server, who passes on what they say to each other, as
/// far as it pleases him.

#include <bight/bight.hpp>

#include <cstdint>
#include <limits>

namespace scenario {

using namespace bight;

/// What becomes of one connection.
struct meddling {
  static constexpr std::uint64_t all = std::numeric_limits<std::uint64_t>::max();

  std::uint64_t most_there = all;  ///< bytes from the client to the server that pass
  std::uint64_t most_back = all;   ///< and the other way
  /// When that is through: false: who was receiving is told an orderly end, and the other way goes
  /// on; true: both connections are reset.
  bool resets = false;
  std::size_t piece = 65536;  ///< passed on at a time
  duration pause = 0ns;       ///< behind each piece
};

/// What has come to him; he hears all of it, whatever he passes on.
struct overheard {
  std::uint64_t there = 0;
  std::uint64_t back = 0;
};

/// Connects to `server` and passes on until both ways have ended. Its errors are nobody's.
///
/// heard  borrowed until the task ends.
[[nodiscard]] task<> meddle(tcp::stream client, address server, meddling how, overheard& heard);

}  // namespace scenario
