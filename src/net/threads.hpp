// SPDX-License-Identifier: MIT
#pragma once

/// A server on several loops, each in its own thread. The kernel distributes the load
/// (SO_REUSEPORT, socket(7)); the loops share only the handler.

#include <bight/machinery/addresses.hpp>

#include "net/server.hpp"

namespace bight {

/// Serves `at` with a server on this loop and one on each of options.threads - 1 others. A drain
/// reaches all of them.
[[nodiscard]] task<> serve_on_threads(addresses at, server_factory make, serve_options options);

/// Serves with a server that has its socket already, bound to `at`.
///
/// errors  invalid if options.threads is not 1.
[[nodiscard]] task<> serve_open_socket(address at, server_factory make, serve_options options);

}  // namespace bight
