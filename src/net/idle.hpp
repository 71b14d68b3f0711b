// SPDX-License-Identifier: MIT
#pragma once

/// Ends a session whose connection has been still for too long.

#include <bight/task.hpp>

#include "engine/engine.hpp"

#include <optional>

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

/// `session`, ended with errc::timed_out when `connection` is still for `limit`.
class [[nodiscard]] until_idle {
 public:
  using value_type = void;
  until_idle(task<>& session, engine& e, handle connection, duration limit) noexcept
      : session_(&session), engine_(&e), connection_(connection), limit_(limit) {}
  until_idle(until_idle&& other) noexcept  // before it has started
      : until_idle(*other.session_, *other.engine_, other.connection_, other.limit_) {}

  std::coroutine_handle<> start(std::coroutine_handle<> h, context& c) {
    watch_.emplace(c, *engine_, connection_, limit_);
    return session_->start(h, watch_->inner());
  }
  [[nodiscard]] result<void> take();

 private:
  task<>* session_;
  engine* engine_;
  handle connection_;
  duration limit_;
  std::optional<idle_watch> watch_;
};

}  // namespace bight
