// SPDX-License-Identifier: MIT
#include <bight/stream.hpp>

#include "base/check.hpp"
#include "loop/loop.hpp"
#include "net/linger.hpp"

#include <exception>

namespace bight {

void stream::refuse_nothing() noexcept {
  check_failed("recv of at most 0 bytes", __FILE__, __LINE__);
}

recv_into_operation stream::recv_into(std::span<std::byte> into) & noexcept {
  check(!into.empty(), "recv_into an empty buffer");
  return {carrier_, handle_, into};
}

send_pieces_operation stream::send(std::span<piece> parts) & noexcept {
  return {verb::send, carrier_, handle_, parts};
}

void stream::shutdown_send() {
  const auto failed = handle_ ? carrier_->shutdown_send(handle_) : make_error_code(errc::closed);
  if (failed) throw error(failed, "shutdown " + remote().str());
}

namespace {
constexpr const char* closed_elsewhere = "a stream was closed on a thread other than its loop's";
}

void stream::close() noexcept {
  if (!handle_) return;
  carrier_->check_thread(closed_elsewhere);
  std::exchange(carrier_, nullptr)->close(std::exchange(handle_, {}));
}

void stream::abort() noexcept {
  if (!handle_) return;
  carrier_->check_thread(closed_elsewhere);
  std::exchange(carrier_, nullptr)->close(std::exchange(handle_, {}), ending::reset);
}

// If the owner failed, its output is incomplete, so the peer must see a failure. If the owner
// finished but left input unread, a plain close could destroy sent bytes, so the stream lingers.
void stream::drop() noexcept {
  carrier_->check_thread(closed_elsewhere);
  const bool failed = std::uncaught_exceptions() > 0 || carrier_->sched().is_failing();
  if (failed)
    carrier_->close(handle_, ending::failed);
  else if (carrier_->may_lose(handle_) && linger(*carrier_, handle_))
    return;
  else
    carrier_->close(handle_);
}

bool stream::can_send() const noexcept { return handle_ && carrier_->can_send(handle_); }

address stream::remote() const {
  if (!handle_) return {};
  auto a = carrier_->remote(handle_);
  return a ? *std::move(a) : address();
}

address stream::local() const {
  check(static_cast<bool>(handle_), "the stream is closed");
  return carrier_->local(handle_).value();
}

duration stream::idle() const noexcept {
  return handle_ ? carrier_->sched().now() - carrier_->last_used(handle_) : duration::zero();
}

void stream::set_option(option_id id, int value) {
  const auto failed = handle_ ? carrier_->set(handle_, id, value) : make_error_code(errc::closed);
  if (failed) throw error(failed, "set a socket option");
}

int stream::get_option(option_id id) const {
  if (!handle_) throw error(errc::closed, "get a socket option");
  return carrier_->get(handle_, id).value();
}

}  // namespace bight
