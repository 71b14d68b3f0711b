// SPDX-License-Identifier: MIT
#pragma once

/// Operations that end when the server of their session begins to drain.

#include <bight/context.hpp>
#include <bight/deadline.hpp>

#include "base/names.hpp"

#include <optional>
#include <utility>

namespace bight {

/// A context that stops when its server drains. The type-independent part of `before_drain`.
class drain_stop : stop_hook {
 public:
  explicit drain_stop(context& parent);
  drain_stop(const drain_stop&) = delete;
  drain_stop& operator=(const drain_stop&) = delete;
  ~drain_stop() { unlink(); }

  [[nodiscard]] context& inner() noexcept { return context_; }

 private:
  context context_;
};

/// See `before_drain`.
template <awaitable A>
class [[nodiscard]] before_drain_operation : public awaits<before_drain_operation<A>> {
 public:
  using value_type = typename A::value_type;

  explicit before_drain_operation(A operation) : operation_(std::move(operation)) {}
  before_drain_operation(before_drain_operation&& other) noexcept
      : operation_(std::move(other.operation_)) {}

  auto start(std::coroutine_handle<> h, context& c) {
    stop_.emplace(c);
    return operation_.start(h, stop_->inner());
  }
  [[nodiscard]] result<value_type> take() { return operation_.take(); }

 private:
  A operation_;
  std::optional<drain_stop> stop_;
};

/// Cancels `operation` when the server of this session begins to drain. The same as a race with
/// until_drain(), without its frames: for what each request awaits.
///
/// errors  those of the operation; cancelled if the drain has begun or begins. is_draining() tells
///         such a cancellation from others.
template <awaitable A>
[[nodiscard]] before_drain_operation<A> before_drain(A operation BIGHT_BORROWS) {
  return before_drain_operation<A>(std::move(operation));
}

}  // namespace bight
