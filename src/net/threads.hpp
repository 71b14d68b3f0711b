// SPDX-License-Identifier: MIT
#pragma once

/// A server on several loops, each in a thread of its own. The kernel spreads what comes
/// (SO_REUSEPORT, socket(7)); the loops share nothing but the handler.

#include <bight/serve.hpp>
#include <bight/task.hpp>

#include "base/names.hpp"

#include <vector>

namespace bight {

/// Serves at the addresses on the loop that it is awaited on, sharing its ports when asked to, and
/// tells the addresses that it got.
using bound_function = callback<void(const std::vector<address>&)>;
using serve_function =
    callback<task<>(std::vector<address>, serve_options, bool reuse_port, bound_function)>;

/// Runs `one_loop` on this loop and on options.threads - 1 others. A drain reaches all of them.
[[nodiscard]] task<> serve_on_threads(std::vector<address> at, serve_function one_loop,
                                      serve_options options);

}  // namespace bight
