// SPDX-License-Identifier: MIT
#pragma once

/// verb::work: a task that runs on a new loop in another thread.

#include <bight/machinery/callback.hpp>
#include <bight/task.hpp>
#include <bight/time.hpp>

#include "engine/engine.hpp"

#include <exception>
#include <memory>

namespace bight {

/// A loop, as an engine sees it that starts a thread for it. Loops are above the engines, so the
/// one who asks for the work brings the loop.
class other_loop {
 public:
  virtual ~other_loop() = default;
  virtual void run(task<> main) = 0;
  /// Requests cancellation of the main task. May be called from any thread.
  virtual void stop_from_outside() noexcept = 0;
};

/// The arguments of verb::work, and its error.
struct work_order {
  callback<task<>()> make;  ///< makes the task; called in the new thread, on its loop
  /// Makes the loop, in the new thread, on a new engine of the same kind.
  callback<std::unique_ptr<other_loop>(std::unique_ptr<engine>)> make_loop;
  std::exception_ptr failure;
};

}  // namespace bight
