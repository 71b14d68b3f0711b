// SPDX-License-Identifier: MIT
#pragma once

/// A child of fork(2) gets a copy of every loop, and shares the kernel's objects with its parent.
/// Each engine is told, so that no operation needs to ask.

namespace bight::posix {

class kernel_engine;

/// Has e.disown() called in each child process, until `e` is forgotten.
void watch_forks(kernel_engine& e);
void forget_forks(kernel_engine& e) noexcept;

}  // namespace bight::posix
