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

/// The same for clients. SIGINT, SIGTERM and SIGHUP cancel `work`; then the exit code is 128 + the
/// signal, of which the program has to die once it has cleaned up.
[[nodiscard]] int run_client(bight::task<int> work, const console& voice);

/// Whether SIGHUP was ignored when the program began (nohup): then it must stay ignored.
[[nodiscard]] bool hangup_is_ignored() noexcept;

/// The time of the loop that runs this.
[[nodiscard]] bight::task<bight::time_point> loop_now();

}  // namespace tool
