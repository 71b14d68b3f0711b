// SPDX-License-Identifier: MIT
#pragma once

/// Work that shows on the terminal that it goes on.

#include "console.hpp"

#include <bight/callback.hpp>
#include <bight/scope.hpp>
#include <bight/task.hpp>
#include <bight/time.hpp>

#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace tool {

/// The line to show now, for a terminal of that many columns.
using live_line = bight::callback<std::string(bight::time_point, int)>;

/// "12 s  waiting for WHOM", from its first call on.
[[nodiscard]] live_line waiting_for(std::string whom);

/// Paints `line` again and again, until it is cancelled. What is over soon shows nothing.
[[nodiscard]] bight::task<> keep_painting(const console& voice, live_line line);

/// Runs `work`, and shows `line` until it ends. `voice`, and what `line` refers to, are borrowed
/// until then.
template <class T>
[[nodiscard]] bight::task<T> watched(bight::task<T> work, const console& voice, live_line line) {
  struct wiper {
    const console& voice;
    ~wiper() { voice.unpaint(); }
  };
  const wiper at_end{voice};
  if (!voice.paints()) co_return co_await std::move(work);
  auto both = bight::any(std::move(work), keep_painting(voice, std::move(line)));
  auto first = co_await std::move(both);
  if constexpr (!std::is_void_v<T>) co_return std::get<0>(std::move(first));
}

}  // namespace tool
