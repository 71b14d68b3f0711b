// SPDX-License-Identifier: MIT
#pragma once

/// A child of fork(2) gets a copy of every loop, and shares the kernel's objects with its parent.
/// Each engine is told, so that no operation needs to ask.

#include <bight/context.hpp>

#include "base/names.hpp"

namespace bight::posix {

class kernel_engine;

struct fork_watch : ring_link {
  kernel_engine* engine = nullptr;
};

/// Has e.disown() called in each child process, until `w` is forgotten.
void watch_forks(fork_watch& w, kernel_engine& e) noexcept;
void forget_forks(fork_watch& w) noexcept;

}  // namespace bight::posix
