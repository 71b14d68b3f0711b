// SPDX-License-Identifier: MIT
#pragma once

/// A scheduler with an engine, and the turn that drives both.

#include <bight/scope.hpp>

#include "engine/engine.hpp"

#include <atomic>
#include <exception>
#include <memory>

namespace bight {

class loop : public scheduler {
 public:
  explicit loop(std::unique_ptr<engine> e, duration busy_poll = 0ns);
  ~loop();

  /// The loop that a task of this context runs on.
  [[nodiscard]] static loop& of(const context& c) noexcept { return static_cast<loop&>(c.sched()); }

  [[nodiscard]] engine& eng() noexcept { return *engine_; }
  [[nodiscard]] duration busy_poll() const noexcept { return busy_poll_; }

  /// Runs `main` to its end, in turns, and throws its error. Throws when everything waits for
  /// something that cannot come.
  void run(task<> main);

  /// Asks the main task to end, from any thread.
  void stop_from_outside() noexcept;

 private:
  void turn();
  void look_for_work();

  std::unique_ptr<engine> engine_;
  duration busy_poll_;
  std::atomic<bool> stop_asked_{false};
};

}  // namespace bight
