// SPDX-License-Identifier: MIT
#pragma once

/// A call that another thread makes.

namespace bight::machinery {

/// Stored in whoever waits for it. Once run() has told that, the job may be gone.
struct job {
  void (*run)(job&) noexcept = nullptr;
  job* next = nullptr;  // for the runner, while it has the job
};

}  // namespace bight::machinery
