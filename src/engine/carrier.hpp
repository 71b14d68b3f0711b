// SPDX-License-Identifier: MIT
#pragma once

/// What a socket's operations go to: the engine, or a layer that stands on another stream.

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
  in_order,  ///< what was sent is delivered, then the end
  failed,    ///< a reset, unless our end has been sent already: nobody takes the rest for complete
  reset,     ///< a reset
};

/// What a server has to do with a connection.
enum class attention : std::uint8_t {
  none,     ///< it is no server's session
  session,  ///< a session runs: the peer's name outlives a close, so that an error can name it
  ending,   ///< the session has ended well
  cut,      ///< the session has failed or was stopped: whoever closes, it ends as `failed`
};

/// The part of the waist that a connected stream uses. A stream is one of these and a handle, so a
/// layer that is one too (TLS) gives streams that nobody can tell from the engine's.
class carrier {
 public:
  carrier() = default;
  explicit carrier(scheduler& s) noexcept : scheduler_(&s) {}
  carrier(const carrier&) = delete;
  carrier& operator=(const carrier&) = delete;
  virtual ~carrier() = default;

  /// Takes `o`. True: it is complete already (its outcome is set) and will not be made ready.
  /// False: it belongs to the carrier until that makes it ready, or cancel() does, and the carrier
  /// has called op::begin_waiting(). An engine limits how many it completes at once in a turn, so
  /// that one busy socket cannot keep the rest from theirs.
  [[nodiscard]] virtual bool submit(op& o) = 0;

  /// Asks for the end of an operation that submit() took. It completes once, now or later: with
  /// its result when that had already come, else with errc::cancelled.
  virtual void cancel(op& o) noexcept = 0;

  /// Gives back what a completed recv, recv_into or accept had taken, as if it had not happened:
  /// the next operation of that kind gets it first. With no memory to keep it in, the connection is
  /// closed with a reset: what came next would pass for what is lost.
  virtual void requeue(op& o) noexcept = 0;

  // ── None of these waits. ────────────────────────────────────────────────────────────────────

  [[nodiscard]] virtual std::error_code shutdown_send(handle h) = 0;
  /// Cancels what is in flight on `h` and closes it. Stale handles are ignored.
  virtual void close(handle h, ending how = ending::in_order) noexcept = 0;

  /// Tells what a server has to do with `h` from now on. With `none` a remembered name is
  /// forgotten, also that of a stale handle.
  virtual void attend(handle h, attention a) noexcept = 0;
  [[nodiscard]] virtual attention attended(handle h) const noexcept = 0;
  /// Whether closing `h`, on which a session has ended well, could destroy what it has sent: input
  /// is known to be unread, or nothing has ever been received. Closing with input unread is a reset
  /// (RFC 2525 §2.17). Makes no system call for TCP unless a send had to wait.
  [[nodiscard]] virtual bool may_lose(handle h) const noexcept = 0;

  /// Whether bytes that are sent on `h` could still reach the peer, as far as this system knows.
  /// May make a system call.
  [[nodiscard]] virtual bool can_send(handle h) const noexcept = 0;

  [[nodiscard]] virtual result<address> local(handle h) const = 0;
  /// The peer, also of a connection that has been reset, and of one that is closed while a session
  /// is attended.
  [[nodiscard]] virtual result<address> remote(handle h) const = 0;
  [[nodiscard]] virtual std::error_code set(handle h, option_id id, int value) = 0;
  [[nodiscard]] virtual result<int> get(handle h, option_id id) const = 0;
  /// When bytes last moved on `h`, by the turn's time.
  [[nodiscard]] virtual time_point last_used(handle h) const noexcept = 0;

  /// The error for an operation that ended with `code`. A layer that knows more of it says so.
  [[nodiscard]] virtual error explain(std::error_code code, std::string_view tried,
                                      std::uint64_t transferred) const {
    return error(code, tried, transferred);
  }

  /// The cause of a failure in words, where the code stands for several; empty: the code says it.
  ///
  /// code  a more exact one takes its place if the system's misleads.
  /// with  the peer of a connect or a send; the address to be bound for verb::accept.
  [[nodiscard]] virtual std::string cause(verb /*what*/, std::error_code& /*code*/,
                                          const address& /*with*/) const {
    return {};
  }

  /// Where completed operations go, and whose time counts.
  [[nodiscard]] scheduler& sched() const noexcept { return *scheduler_; }
  /// Ends the program with the sentence `misuse` in another thread than the loop's.
  void check_thread(const char* misuse) const noexcept {
    if (scheduler_ != nullptr) scheduler_->check_thread(misuse);
  }
  /// Set once by the loop, before anything is submitted.
  void attach(scheduler& s) noexcept { scheduler_ = &s; }

 private:
  scheduler* scheduler_ = nullptr;
};

}  // namespace bight::machinery
