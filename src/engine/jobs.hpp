// SPDX-License-Identifier: MIT
#pragma once

/// Work that runs on a thread without a loop.

#include <bight/machinery/job.hpp>

namespace bight::machinery {

/// Runs jobs on a bounded number of threads, in the order of their submission.
///
/// threads  any; all members may be called concurrently.
class job_runner {
 public:
  /// Calls j.run(j) on another thread. Throws std::system_error if there is no thread and none can
  /// be started.
  virtual void run(job& j) = 0;
  /// Takes back a job that has not started. Returns false if it has.
  [[nodiscard]] virtual bool withdraw(job& j) noexcept = 0;

 protected:
  ~job_runner() = default;
};

}  // namespace bight::machinery
