// SPDX-License-Identifier: MIT
#pragma once

/// Loops in threads of their own, each with an engine of the same kind as its home's.

#include "engine/posix/kernel.hpp"

#include <memory>
#include <mutex>
#include <vector>

namespace bight::posix {

/// Starts a thread for each verb::work, and completes the operation when the thread has ended.
///
/// threads  the engine's. Between it and a worker there are two locks, a wake-up of the home when
///          the worker ends, and loop::stop_from_outside.
class worker_desk {
 public:
  explicit worker_desk(kernel_engine& k) noexcept;
  worker_desk(const worker_desk&) = delete;
  worker_desk& operator=(const worker_desk&) = delete;
  /// Stops what still runs, and waits for it.
  ~worker_desk();

  [[nodiscard]] bool submit(op& o);
  /// Asks the worker's main task to end; the operation completes when the thread has.
  void cancel(op& o) noexcept;
  [[nodiscard]] bool busy() const noexcept { return !workers_.empty(); }
  /// Joins the threads that have ended, and completes their operations.
  void on_wake() noexcept;

 private:
  struct worker;
  [[nodiscard]] std::unique_ptr<worker> take_ended() noexcept;
  void ended(worker& w) noexcept;  // called in the worker's thread, as the last thing

  kernel_engine& kernel_;
  std::vector<std::unique_ptr<worker>> workers_;

  std::mutex lock_;  // over what follows
  bool any_ended_ = false;
};

}  // namespace bight::posix
