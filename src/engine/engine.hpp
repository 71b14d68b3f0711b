// SPDX-License-Identifier: MIT
#pragma once

/// The narrow waist: everything that the layers above ask of the world.
///
/// Completion-shaped: an operation is handed in and comes back complete. io_uring and a simulator
/// complete by nature; epoll is adapted once, in readiness/. Nothing above knows which engine it
/// runs on; nothing below knows what a server or a protocol is.

#include <bight/op.hpp>
#include <bight/options.hpp>
#include <bight/result.hpp>
#include <bight/time.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace bight {

class scheduler;

enum class transport : std::uint8_t { tcp, udp, local };

class engine {
 public:
  engine() = default;
  engine(const engine&) = delete;
  engine& operator=(const engine&) = delete;
  virtual ~engine() = default;

  // ── Operations ──────────────────────────────────────────────────────────────────────────────

  /// Takes `o`. True: it is complete already (its outcome is set) and will not be made ready.
  /// False: it belongs to the engine until that makes it ready, from wait() or from cancel().
  /// An engine limits how many it completes at once in a turn, so that one busy socket cannot
  /// keep the rest from theirs.
  [[nodiscard]] virtual bool submit(op& o) = 0;

  /// Asks for the end of an operation that submit() took. It completes once, now or later: with
  /// its result when that had already come, else with errc::cancelled.
  virtual void cancel(op& o) noexcept = 0;

  /// Gives back what a completed recv, recv_into or accept had taken, as if it had not happened:
  /// the next operation of that kind gets it first.
  virtual void requeue(op& o) noexcept = 0;

  /// Submits what is queued, waits until something completes, `until` comes or wake() is called,
  /// moves the scheduler's time on to now, and makes the completed operations ready. Resumes
  /// nobody. `until` in the past: does not wait.
  virtual void wait(time_point until) = 0;

  /// Ends a wait() in progress, or the next one. The only member that other threads may call.
  virtual void wake() noexcept = 0;

  /// Whether operations are in flight. When not, and no timer is armed, waiting would never end.
  [[nodiscard]] virtual bool busy() const noexcept = 0;

  [[nodiscard]] virtual time_point now() const noexcept = 0;
  virtual void random(std::span<std::byte> into) = 0;

  // ── Sockets. None of these waits. ───────────────────────────────────────────────────────────

  /// A new socket for addresses like `at`; of kind any: IPv6 that takes IPv4 too where there is
  /// IPv6, else IPv4.
  [[nodiscard]] virtual result<handle> open(transport t, const address& at) = 0;
  [[nodiscard]] virtual std::error_code bind(handle h, const address& at) = 0;
  [[nodiscard]] virtual std::error_code listen(handle h, int backlog) = 0;
  [[nodiscard]] virtual std::error_code shutdown_send(handle h) = 0;
  /// Cancels what is in flight on `h` and closes it. Stale handles are ignored. `reset`: the peer
  /// is to see a reset (TCP).
  virtual void close(handle h, bool reset = false) noexcept = 0;
  /// Takes a descriptor of the program's (a number whose meaning is the engine's) for read and
  /// write; close() forgets it and leaves it open.
  [[nodiscard]] virtual result<handle> adopt(int descriptor) = 0;

  [[nodiscard]] virtual result<address> local(handle h) const = 0;
  /// The peer; remembered from the first time it could be asked for.
  [[nodiscard]] virtual result<address> remote(handle h) const = 0;
  [[nodiscard]] virtual std::error_code set(handle h, option_id id, int value) = 0;
  [[nodiscard]] virtual result<int> get(handle h, option_id id) const = 0;
  /// When bytes last moved on `h`, by the turn's time.
  [[nodiscard]] virtual time_point last_used(handle h) const noexcept = 0;

  // ── About itself ────────────────────────────────────────────────────────────────────────────

  [[nodiscard]] virtual std::string_view name() const noexcept = 0;
  /// What is in use or missing, for people.
  [[nodiscard]] virtual std::string features() const = 0;

  /// Where completed operations go. Set once by the loop, before anything is submitted.
  void attach(scheduler& s) noexcept { scheduler_ = &s; }

 protected:
  [[nodiscard]] scheduler& sched() const noexcept { return *scheduler_; }

 private:
  scheduler* scheduler_ = nullptr;
};

}  // namespace bight
