// SPDX-License-Identifier: MIT
#pragma once

/// From a command's coroutine to the exit code of the process.

#include "console.hpp"

#include <bight/task.hpp>

#include <string>

namespace tool {

/// Runs `work` on a loop and gives the exit code: its own, or that of the error it ended with,
/// which is told. `work` sees to signals itself.
///
/// voice  borrowed until the end.
[[nodiscard]] int run_command(bight::task<int> work, const console& voice);

/// The same for clients: Ctrl-C cancels `work` and gives 130; SIGTERM cancels it too, and then ends
/// the process as if nobody had caught it.
[[nodiscard]] int run_client(bight::task<int> work, const console& voice);

}  // namespace tool
