// SPDX-License-Identifier: MIT
#include <bight/scope.hpp>

#include "base/check.hpp"
#include "base/names.hpp"
#include "base/thrown.hpp"

namespace bight {

scope::~scope() { check(live_ == 0, "a scope ended before its children: await in_scope"); }

void scope::spawn(task<> work, no_handle) noexcept { start(std::move(work), context_); }

void scope::start(task<> work, context& c) noexcept {
  c.sched().check_thread("scope::spawn() on a thread other than its loop's");
  if (!work.startable()) promise_base::refuse_start();
  const auto frame = std::exchange(work.frame_, nullptr);
  auto& p = frame.promise();
  p.context_ = &c;
  p.then_ = reinterpret_cast<std::uintptr_t>(this) | promise_base::of_scope;
  ++live_;
  frame.resume();
}

void promise_base::refuse_start() noexcept {
  check_failed("a task was started twice, or after it was moved from", __FILE__, __LINE__);
}

std::coroutine_handle<> promise_base::finish_child(std::coroutine_handle<> h,
                                                   promise_base& p) noexcept {
  return reinterpret_cast<scope*>(p.then_ & ~of_scope)->child_done(h, p);
}

std::coroutine_handle<> scope::child_done(std::coroutine_handle<> h, promise_base& p) noexcept {
  std::exception_ptr e = std::move(p.exception_);
  if (p.context_ != &context_) {
    e = static_cast<child_context&>(*p.context_).child_ended(h, std::move(e));
    h = nullptr;
  }
  const bool failed = e != nullptr;
  if (failed) fail(std::move(e));
  if (h) {
    const scheduler::failing streams(context_.sched(), failed);
    h.destroy();  // its locals are already destroyed; this destroys its parameters
  }
  --live_;
  if (live_ > 0 || !waiter_) return std::noop_coroutine();
  return std::exchange(waiter_, nullptr);
}

void scope::start_kept(task<> work, spawned& state) noexcept {
  state.keep();  // until child_ended()
  start(std::move(work), state);
}

void spawned::refuse_second_join() noexcept {
  check_failed("the value of a child was joined twice", __FILE__, __LINE__);
}

std::exception_ptr spawned::child_ended(std::coroutine_handle<> frame,
                                        std::exception_ptr e) noexcept {
  failure_ = e;
  const error* const known = e != nullptr ? error_in(e) : nullptr;
  if (cancelled_ && known != nullptr && known->is(errc::cancelled)) e = nullptr;
  {
    const scheduler::failing streams(sched(), failure_ != nullptr);
    frame.destroy();
  }
  unlink();  // a handle may outlive the scope
  ended.set();
  drop();
  return e;
}

void spawned::cancel() noexcept {
  sched().check_thread("child::cancel() on a thread other than its loop's");
  if (ended.is_set()) return;
  cancelled_ = true;
  stop();
}

void scope::fail(std::exception_ptr e) noexcept {
  const error* const known = error_in(e);
  const bool is_cancellation = known != nullptr && known->is(errc::cancelled);
  auto& first = is_cancellation ? cancelled_ : failure_;
  if (first == nullptr) first = std::move(e);
  context_.stop();
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
  } catch (const error& e) {  // a handle may have the same one, so it is copied
    return e;
  }
}

task<> all(std::vector<task<>> tasks) {
  scope children(co_await current_context());
  for (auto& t : tasks) children.spawn(std::move(t), no_handle());
  co_await children.join();
}

}  // namespace bight
