// SPDX-License-Identifier: MIT
#pragma once

/// Tells engines that they are in a child of fork(2).
///
/// The child has a copy of every loop, but shares the kernel's objects with its parent. Telling
/// each engine once saves every operation a check.

#include <bight/context.hpp>

#include "base/names.hpp"

namespace bight::posix {

class kernel_engine;

struct fork_watch : ring_link {
  kernel_engine* engine = nullptr;
};

/// Calls e.disown() in each child process, until forget_forks(w).
void watch_forks(fork_watch& w, kernel_engine& e) noexcept;
void forget_forks(fork_watch& w) noexcept;

}  // namespace bight::posix
