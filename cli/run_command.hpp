// SPDX-License-Identifier: MIT
#pragma once

/// Runs a command's coroutine and returns the exit status of the process.

#include "console.hpp"

#include <bight/task.hpp>

#include <string>

namespace tool {

/// Runs `work` on a loop and returns its exit status. An error is reported and converted to an exit
/// status. `work` handles signals itself.
///
/// log  borrowed until the end.
[[nodiscard]] int run_command(bight::task<int> work, const console& log);

/// Like run_command(), for clients. SIGINT, SIGTERM and SIGHUP cancel `work`; the exit status is
/// then 128 plus the signal, and main() ends the process by that signal.
[[nodiscard]] int run_client(bight::task<int> work, const console& log);

/// Whether SIGHUP was ignored when the program started (nohup). It must then stay ignored.
[[nodiscard]] bool hangup_is_ignored() noexcept;

/// The current time of the loop that runs this task.
[[nodiscard]] bight::task<bight::time_point> loop_now();

}  // namespace tool
