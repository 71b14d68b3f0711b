// SPDX-License-Identifier: MIT
#pragma once

/// Tasks on other loops.

#include <bight/machinery/callback.hpp>
#include <bight/task.hpp>

#include "base/names.hpp"

namespace bight {

/// Runs the task that `make` returns on a new loop in another thread, with an engine of the
/// same kind and the same options as this loop. `make` is called in that thread.
///
/// errors  those of the task; no_resources and the system's if no thread can be started.
/// cancel  stops the task, and awaits it.
[[nodiscard]] task<> run_on_another_loop(callback<task<>()> make);

}  // namespace bight
