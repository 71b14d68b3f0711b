// SPDX-License-Identifier: MIT
#include <bight/scope.hpp>

#include "base/check.hpp"

namespace bight {

scope::~scope() { check(live_ == 0, "a scope ended before its children: await in_scope"); }

void scope::spawn(task<> child) noexcept {
  const auto frame = std::exchange(child.frame_, nullptr);
  auto& p = frame.promise();
  p.context_ = &context_;
  p.owner_ = this;
  ++live_;
  frame.resume();
}

std::coroutine_handle<> promise_base::finish_child(scope& owner, std::coroutine_handle<> h,
                                                   promise_base& p) noexcept {
  return owner.child_done(h, std::move(p.exception_));
}

std::coroutine_handle<> scope::child_done(std::coroutine_handle<> h,
                                          std::exception_ptr e) noexcept {
  if (e != nullptr) {
    bool is_cancellation = false;
    try {
      std::rethrow_exception(e);
    } catch (const error& failure) {
      is_cancellation = failure.is(errc::cancelled);
    } catch (...) {}
    auto& first = is_cancellation ? cancelled_ : failure_;
    if (first == nullptr) first = std::move(e);
    context_.stop();
  }
  h.destroy();  // its locals are gone already; this frees its parameters, a connection perhaps
  --live_;
  if (live_ > 0 || !waiter_) return std::noop_coroutine();
  return std::exchange(waiter_, nullptr);
}

void scope::rethrow() {
  if (failure_ != nullptr) std::rethrow_exception(std::exchange(failure_, nullptr));
  if (cancelled_ != nullptr && !stop_asked_)
    std::rethrow_exception(std::exchange(cancelled_, nullptr));
}

result<void> scope::join_operation::take() {
  try {
    get();
    return {};
  } catch (error& e) {
    return std::move(e);
  }
}

task<> all(std::vector<task<>> tasks) {
  scope children(co_await current_context());
  for (auto& t : tasks) children.spawn(std::move(t));
  auto joined = children.join();
  co_await std::move(joined);
}

}  // namespace bight
