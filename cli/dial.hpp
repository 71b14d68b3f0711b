// SPDX-License-Identifier: MIT
#pragma once

/// Getting through to a target.

#include "console.hpp"
#include "target.hpp"

#include <bight/stream.hpp>
#include <bight/task.hpp>
#include <bight/time.hpp>

#include <optional>
#include <vector>

namespace tool {

struct dial_options {
  int family = 0;
  /// For looking up and connecting; none: the library's half a minute.
  std::optional<bight::duration> timeout;
};

/// Connects a stream. A failure is told as usual, and with -v so is success.
///
/// voice  borrowed until the end.
[[nodiscard]] bight::task<bight::stream> dial(target to, dial_options options,
                                              const console& voice);

/// Where to send datagrams for `to`, in the order to try: nothing is sent to find out.
[[nodiscard]] bight::task<std::vector<bight::address>> datagram_addresses(target to, int family);

}  // namespace tool
