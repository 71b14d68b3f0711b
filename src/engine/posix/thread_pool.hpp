// SPDX-License-Identifier: MIT
#pragma once

/// The threads of the process that run jobs.

#include "base/names.hpp"
#include "engine/jobs.hpp"

#include <condition_variable>
#include <cstddef>
#include <mutex>

#include <sys/types.h>

namespace bight::posix {

/// Starts a thread when a job finds none idle, up to a limit; a thread that has been idle for 10 s
/// ends. Never destroyed, because its threads may outlive main().
class thread_pool final : public job_runner {
 public:
  /// The pool of this process. A child of fork(2) gets its own: it has none of its parent's
  /// threads.
  [[nodiscard]] static thread_pool& of_process() noexcept;

  void run(job& j) override;
  [[nodiscard]] bool withdraw(job& j) noexcept override;

 private:
  explicit thread_pool(pid_t process) noexcept : process_(process) {}
  void start_thread();
  void work() noexcept;

  const pid_t process_;

  std::mutex lock_;  // protects the members below
  std::condition_variable more_;
  job* first_ = nullptr;
  job** end_ = &first_;
  std::size_t queued_ = 0;
  std::size_t threads_ = 0;
  std::size_t idle_ = 0;
};

}  // namespace bight::posix
