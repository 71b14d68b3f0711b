// SPDX-License-Identifier: MIT
#pragma once

/// A status line on the terminal while a task runs.

#include "console.hpp"

#include <bight/scope.hpp>
#include <bight/task.hpp>
#include <bight/time.hpp>

#include <functional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace tool {

/// Returns the current text for a terminal with that many columns.
using live_line = std::function<std::string(bight::time_point, int)>;

/// "12 s  waiting for PEER"; the time counts from the first call.
[[nodiscard]] live_line waiting_for(std::string peer);

/// Paints `line` repeatedly until cancelled. Waits first, so short tasks show nothing.
[[nodiscard]] bight::task<> paint_repeatedly(const console& log, live_line line);

/// Runs `work` and shows `line` until it ends. `log`, and what `line` refers to, are borrowed.
template <class T>
[[nodiscard]] bight::task<T> with_live_line(bight::task<T> work, const console& log,
                                            live_line line) {
  struct wiper {
    const console& log;
    ~wiper() { log.unpaint(); }
  };
  const wiper at_end{log};
  if (!log.paints()) co_return co_await std::move(work);
  auto first = co_await bight::race(std::move(work), paint_repeatedly(log, std::move(line)));
  if constexpr (!std::is_void_v<T>) co_return std::get<0>(std::move(first));
}

}  // namespace tool
