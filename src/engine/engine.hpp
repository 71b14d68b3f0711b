// SPDX-License-Identifier: MIT
#pragma once

/// The narrow waist: everything that the layers above ask of the world.
///
/// Completion-shaped: an operation is handed in and comes back complete. io_uring and a simulator
/// complete by nature; epoll is adapted once, in readiness/. Nothing above knows which engine it
/// runs on; nothing below knows what a server or a protocol is.

#include "engine/arrival.hpp"
#include "engine/carrier.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace bight::machinery {

enum class transport : std::uint8_t { tcp, udp, local };

/// A carrier that has a world of its own below it: it makes sockets, waits, and knows the time.
class engine : public carrier {
 public:
  /// Submits what is queued, waits until something completes, `until` comes or wake() is called,
  /// moves the scheduler's time on to now, and makes the completed operations ready. Resumes
  /// nobody. `until` in the past: does not wait.
  virtual void wait(time_point until) = 0;

  /// Ends a wait() in progress, or the next one. The only member that other threads may call.
  virtual void wake() noexcept = 0;

  /// Whether operations are in flight. When not, and no timer is armed, waiting would never end.
  [[nodiscard]] virtual bool busy() const noexcept = 0;
  /// Sockets and adopted descriptors that are open.
  [[nodiscard]] virtual std::size_t open_handles() const noexcept { return 0; }

  [[nodiscard]] virtual time_point now() const noexcept = 0;
  virtual void random(std::span<std::byte> into) = 0;

  // ── Sockets. None of these waits. ───────────────────────────────────────────────────────────

  /// A new socket for addresses like `at`; of kind any: IPv6 that takes IPv4 too where there is
  /// IPv6, else IPv4.
  [[nodiscard]] virtual result<handle> open(transport t, const address& at) = 0;
  [[nodiscard]] virtual std::error_code bind(handle h, const address& at) = 0;
  /// Binds a stream that is going to connect. Port 0 is chosen when it connects, so that one local
  /// port serves for every destination; another port may be shared by connections to different
  /// destinations.
  [[nodiscard]] virtual std::error_code bind_source(handle h, const address& from);
  [[nodiscard]] virtual std::error_code listen(handle h, int backlog) = 0;
  /// Takes a descriptor of the program's (a number whose meaning is the engine's) for read and
  /// write; close() forgets it and leaves it open.
  [[nodiscard]] virtual result<handle> adopt(int descriptor) = 0;

  /// Moves datagrams that have arrived on `h` into `into`, which is empty: after a verb::arrival at
  /// least one, unless somebody has received it meanwhile. Each counts as an operation that has
  /// completed at once, so what is beyond a turn's share is left for the next.
  virtual void take_arrived(handle h, arrivals& into) = 0;

  // ── About itself ────────────────────────────────────────────────────────────────────────────

  [[nodiscard]] virtual std::string_view name() const noexcept = 0;
  /// What is in use or missing, for people.
  [[nodiscard]] virtual std::string features() const = 0;
};

inline std::error_code engine::bind_source(handle h, const address& from) {
  if (from.port() != 0)
    if (const auto failed = set(h, option_id::reuse_address, 1)) return failed;
  return bind(h, from);
}

}  // namespace bight::machinery
