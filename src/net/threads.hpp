// SPDX-License-Identifier: MIT
#pragma once

/// A server on several loops, each in its own thread. The kernel distributes the load
/// (SO_REUSEPORT, socket(7)); the loops share only the handler.

#include <bight/serve.hpp>
#include <bight/task.hpp>

#include "base/names.hpp"

#include <vector>

namespace bight {

/// A serve_function serves the addresses on the current loop, shares the port if `reuse_port`, and
/// passes the bound addresses to the bound_function.
using bound_function = callback<void(const std::vector<address>&)>;
using serve_function =
    callback<task<>(std::vector<address>, serve_options, bool reuse_port, bound_function)>;

/// Runs `one_loop` on this loop and on options.threads - 1 others. A drain reaches all of them.
[[nodiscard]] task<> serve_on_threads(std::vector<address> at, serve_function one_loop,
                                      serve_options options);

}  // namespace bight
