// SPDX-License-Identifier: MIT
#pragma once

/// The target of a socket's operations: the engine, or a layer on top of another stream.

#include <bight/machinery/op.hpp>
#include <bight/machinery/scheduler.hpp>
#include <bight/options.hpp>
#include <bight/result.hpp>
#include <bight/time.hpp>

#include "base/names.hpp"

#include <string>

namespace bight::machinery {

/// How a connection ends.
enum class ending : std::uint8_t {
  in_order,  ///< sent bytes are delivered, then end of stream
  failed,    ///< a reset, unless end of stream was sent: partial data must not look complete
  reset,     ///< a reset
};

/// How a server is involved with a connection.
enum class attention : std::uint8_t {
  none,     ///< not a server's session
  session,  ///< a session runs; the peer's address outlives a close, for error messages
  ending,   ///< the session ended successfully
  cut,      ///< the session failed or was stopped; any close counts as `failed`
};

/// The part of the engine interface that a connected stream uses. A stream is a carrier and a
/// handle, so streams from a layer that implements carrier (TLS) look exactly like the engine's.
class carrier {
 public:
  carrier() = default;
  explicit carrier(scheduler& s) noexcept : scheduler_(&s) {}
  carrier(const carrier&) = delete;
  carrier& operator=(const carrier&) = delete;
  virtual ~carrier() = default;

  /// Submits `o`. Returns true if it completed immediately: its outcome is set, and it will not be
  /// made ready. Returns false if it is pending: the carrier has called op::begin_waiting() and
  /// owns the operation until it makes it ready or cancel() does. An engine limits immediate
  /// completions per turn, so that one busy socket cannot starve the others.
  [[nodiscard]] virtual bool submit(op& o) = 0;

  /// Requests cancellation of a submitted operation. It completes once, now or later: with its
  /// result if that was already available, otherwise with errc::cancelled.
  virtual void cancel(op& o) noexcept = 0;

  /// Returns what a completed recv, recv_into or accept had taken. The next operation of that kind
  /// gets it first. If there is no memory to store it, the connection is reset; otherwise later
  /// bytes would silently replace the lost ones.
  virtual void requeue(op& o) noexcept = 0;

  // ── None of these waits. ────────────────────────────────────────────────────────────────────

  [[nodiscard]] virtual std::error_code shutdown_send(handle h) = 0;
  /// Cancels the operations in flight on `h` and closes it. Ignores stale handles.
  virtual void close(handle h, ending how = ending::in_order) noexcept = 0;

  /// Sets the server's involvement with `h`. `none` also discards a remembered peer address, even
  /// for a stale handle.
  virtual void attend(handle h, attention a) noexcept = 0;
  [[nodiscard]] virtual attention attended(handle h) const noexcept = 0;
  /// Whether closing `h`, after a successful session, could destroy bytes already sent: unread
  /// input is known to exist, or nothing has ever been received. A close with unread input sends a
  /// reset (RFC 2525 §2.17). Makes no system call for TCP unless a send had to wait.
  [[nodiscard]] virtual bool may_lose(handle h) const noexcept = 0;

  /// Whether bytes sent on `h` could still reach the peer, as far as this system knows. May make a
  /// system call.
  [[nodiscard]] virtual bool can_send(handle h) const noexcept = 0;

  [[nodiscard]] virtual result<address> local(handle h) const = 0;
  /// The peer's address. Still available after a reset, and after a close while a session is
  /// attended.
  [[nodiscard]] virtual result<address> remote(handle h) const = 0;
  [[nodiscard]] virtual std::error_code set(handle h, option_id id, int value) = 0;
  [[nodiscard]] virtual result<int> get(handle h, option_id id) const = 0;
  /// When bytes last moved on `h`, at the resolution of a turn.
  [[nodiscard]] virtual time_point last_used(handle h) const noexcept = 0;

  /// The error for an operation that ended with `code`. A layer with more information overrides it.
  [[nodiscard]] virtual error explain(std::error_code code, std::string_view tried,
                                      std::uint64_t transferred) const {
    return error(code, tried, transferred);
  }

  /// The cause of a failure, where the code is ambiguous. Empty if the code alone is clear.
  ///
  /// code  replaced by a more precise code if the system's is misleading.
  /// with  the peer of a connect or a send; the address to bind for verb::accept.
  [[nodiscard]] virtual std::string cause(verb /*what*/, std::error_code& /*code*/,
                                          const address& /*with*/) const {
    return {};
  }

  /// The scheduler that resumes completed operations and provides the time.
  [[nodiscard]] scheduler& sched() const noexcept { return *scheduler_; }
  /// Aborts with the message `misuse` if called on a thread other than the loop's.
  void check_thread(const char* misuse) const noexcept {
    if (scheduler_ != nullptr) scheduler_->check_thread(misuse);
  }
  /// Called once by the loop, before the first submit().
  void attach(scheduler& s) noexcept { scheduler_ = &s; }

 private:
  scheduler* scheduler_ = nullptr;
};

}  // namespace bight::machinery
