// SPDX-License-Identifier: MIT
#pragma once

/// A call that another thread makes.

namespace bight::machinery {

/// Stored in the operation that waits for it. After run() has reported the end, the job may no
/// longer exist.
struct job {
  void (*run)(job&) noexcept = nullptr;
  job* next = nullptr;  // for the runner, while it has the job
};

}  // namespace bight::machinery
