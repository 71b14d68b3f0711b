// SPDX-License-Identifier: MIT
#pragma once

/// Opens the connection of `send`, `connect` and `get tcp://`.

#include "console.hpp"
#include "target.hpp"

#include <bight/stream.hpp>
#include <bight/task.hpp>
#include <bight/time.hpp>
#include <bight/tls.hpp>

#include <optional>
#include <vector>

namespace tool {

struct connection_options {
  std::optional<bight::address_family> family = {};
  /// For the name lookup, the connect and the TLS handshake; none: the library's defaults.
  std::optional<bight::duration> timeout;
  /// For tls:// targets.
  bight::tls::connect_options tls;
};

/// Connects a stream, with TLS for a tls:// target. With -v, reports the connection. `log` is
/// borrowed until the end.
[[nodiscard]] bight::task<bight::stream> open_connection(target to, connection_options options,
                                                         const console& log);

/// The addresses to send datagrams to, in the order to try. Sends nothing.
[[nodiscard]] bight::task<std::vector<bight::address>> datagram_addresses(
    target to, std::optional<bight::address_family> family);

}  // namespace tool
