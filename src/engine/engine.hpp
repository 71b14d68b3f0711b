// SPDX-License-Identifier: MIT
#pragma once

/// The engine interface ("the waist"): everything the layers above need from the outside world.
///
/// It is completion-based: an operation is submitted and comes back complete. io_uring and the
/// simulator complete operations natively; epoll is adapted in readiness/. The layers above do not
/// know which engine runs; engines know nothing about servers or protocols.

#include "engine/arrival.hpp"
#include "engine/carrier.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace bight::machinery {

class job_runner;

enum class transport : std::uint8_t { tcp, udp, unix_socket };

/// A thread that waits, as others see it.
class sleeper {
 public:
  /// Ends the wait in progress, or the next one.
  ///
  /// threads  any.
  virtual void wake() noexcept = 0;

 protected:
  ~sleeper() = default;
};

/// A carrier at the bottom of the stack: it creates sockets, waits, and provides the time.
class engine : public carrier, public sleeper {
 public:
  /// Submits queued operations. Waits until something completes, `until` is reached, or wake() is
  /// called. Then advances the scheduler's time and makes completed operations ready; resumes no
  /// task. Does not wait if `until` is in the past.
  virtual void wait(time_point until) = 0;

  /// Whether operations are in flight. If none are and no timer is armed, a wait would never end.
  [[nodiscard]] virtual bool busy() const noexcept = 0;
  /// Number of open sockets and adopted descriptors.
  [[nodiscard]] virtual std::size_t open_handles() const noexcept { return 0; }

  [[nodiscard]] virtual time_point now() const noexcept = 0;
  virtual void random(std::span<std::byte> into) = 0;
  /// Runs jobs on other threads; null if there are none, as in a simulated world.
  [[nodiscard]] virtual job_runner* jobs() noexcept { return nullptr; }

  // ── Sockets. None of these waits. ───────────────────────────────────────────────────────────

  /// Opens a socket for the family of `at`. For kind any: IPv6 that also accepts IPv4 if this
  /// system has IPv6, else IPv4.
  [[nodiscard]] virtual result<handle> open(transport t, const address& at) = 0;
  [[nodiscard]] virtual std::error_code bind(handle h, const address& at) = 0;
  /// Binds a stream before it connects. With port 0 the port is chosen at connect time, so one
  /// local port can serve many destinations. A fixed port may be shared by connections to different
  /// destinations.
  [[nodiscard]] virtual std::error_code bind_source(handle h, const address& from);
  [[nodiscard]] virtual std::error_code listen(handle h, int backlog) = 0;
  /// Adopts a descriptor of the program (the engine defines what the number means) for read and
  /// write. close() releases it without closing it.
  [[nodiscard]] virtual result<handle> adopt(int descriptor) = 0;

  /// Moves datagrams that have arrived on `h` into `into`, which must be empty. After a
  /// verb::arrival there is at least one, unless another operation received it meanwhile. Each
  /// counts as an immediate completion, so datagrams beyond a turn's limit are left for the next
  /// turn.
  virtual void take_arrived(handle h, arrivals& into) = 0;

  // ── Identity ────────────────────────────────────────────────────────────────────────────────

  [[nodiscard]] virtual std::string_view name() const noexcept = 0;
  /// The features in use or missing, as text for the user.
  [[nodiscard]] virtual std::string features() const = 0;
};

inline std::error_code engine::bind_source(handle h, const address& from) {
  if (from.port() != 0)
    if (const auto failed = set(h, option_id::reuse_address, 1)) return failed;
  return bind(h, from);
}

}  // namespace bight::machinery
