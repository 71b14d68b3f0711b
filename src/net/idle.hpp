// SPDX-License-Identifier: MIT
#pragma once

/// Ends a session whose connection has been still for too long.

#include <bight/task.hpp>

#include "engine/engine.hpp"

namespace bight {

/// A context that stops when nothing has moved on a connection for `limit`. One timer a session,
/// looked at when it expires: traffic costs it nothing.
class idle_watch {
 public:
  idle_watch(context& parent, engine& e, handle connection, duration limit);
  idle_watch(const idle_watch&) = delete;
  idle_watch& operator=(const idle_watch&) = delete;
  ~idle_watch() { context_.sched().disarm(timer_); }

  [[nodiscard]] context& inner() noexcept { return context_; }
  [[nodiscard]] bool expired() const noexcept { return expired_; }
  [[nodiscard]] duration limit() const noexcept { return limit_; }

 private:
  struct owned_timer : timer {
    idle_watch* owner = nullptr;
  };
  void look();

  context context_;
  owned_timer timer_;
  engine* engine_;
  handle connection_;
  duration limit_;
  bool expired_ = false;
};

/// `session`, run in the watch's context: ended with errc::timed_out when it expires.
class [[nodiscard]] until_idle {
 public:
  using value_type = void;
  until_idle(task<>& session, idle_watch& watch) noexcept : session_(&session), watch_(&watch) {}

  std::coroutine_handle<> start(std::coroutine_handle<> h, context&) {
    return session_->start(h, watch_->inner());
  }
  [[nodiscard]] result<void> take();

 private:
  task<>* session_;
  idle_watch* watch_;
};

}  // namespace bight
