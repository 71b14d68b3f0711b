// SPDX-License-Identifier: MIT
#pragma once

/// Getting through to a target.

#include "console.hpp"
#include "target.hpp"

#include <bight/stream.hpp>
#include <bight/task.hpp>
#include <bight/time.hpp>
#include <bight/tls.hpp>

#include <optional>
#include <vector>

namespace tool {

struct dial_options {
  int family = 0;
  /// For looking up, connecting and TLS's handshake; none: the library's.
  std::optional<bight::duration> timeout;
  /// For a target of TLS.
  bight::tls::connect_options tls;
};

/// Connects a stream, with TLS where the target says so. A failure is told as usual, and with -v so
/// is success.
///
/// voice  borrowed until the end.
[[nodiscard]] bight::task<bight::stream> dial(target to, dial_options options,
                                              const console& voice);

/// Where to send datagrams for `to`, in the order to try: nothing is sent to find out.
[[nodiscard]] bight::task<std::vector<bight::address>> datagram_addresses(target to, int family);

}  // namespace tool
