// SPDX-License-Identifier: MIT
#pragma once

/// Loops in other threads, each with an engine of the same kind as its home's.

#include "engine/posix/kernel.hpp"

#include <memory>
#include <mutex>
#include <vector>

namespace bight::posix {

/// Starts a thread for each verb::work and completes the operation when the thread has ended.
///
/// threads  the engine's. It shares two locks with a worker, which wakes it at its end;
///          other_loop::stop_from_outside() stops a worker.
class worker_desk {
 public:
  explicit worker_desk(kernel_engine& k) noexcept;
  worker_desk(const worker_desk&) = delete;
  worker_desk& operator=(const worker_desk&) = delete;
  /// Stops the running workers and waits for them.
  ~worker_desk();

  [[nodiscard]] bool submit(op& o);
  /// Stops the worker's main task. The operation completes when the thread has ended.
  void cancel(op& o) noexcept;
  [[nodiscard]] bool busy() const noexcept { return !workers_.empty(); }
  /// Joins the threads that have ended and completes their operations.
  void on_wake() noexcept;

 private:
  struct worker;
  [[nodiscard]] std::unique_ptr<worker> take_ended() noexcept;
  void ended(worker& w) noexcept;  // the last call in the worker's thread

  kernel_engine& kernel_;
  std::vector<std::unique_ptr<worker>> workers_;

  std::mutex lock_;  // protects the members below
  bool any_ended_ = false;
};

}  // namespace bight::posix
