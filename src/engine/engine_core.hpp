// SPDX-License-Identifier: MIT
#pragma once

/// What the engines do alike: they hold operations, complete them, and keep what a server has
/// stored about a connection. An engine adds how it tries, waits and cancels.

#include "engine/engine.hpp"
#include "engine/socket_core.hpp"

#include <map>

namespace bight::machinery {

class engine_core : public engine {
 public:
  void attend(handle h, attention a) noexcept override;
  [[nodiscard]] attention attended(handle h) const noexcept override;
  [[nodiscard]] time_point last_used(handle h) const noexcept override;

 protected:
  /// The socket of `h`, or null if the handle is stale. Engines return their own type.
  [[nodiscard]] virtual socket_core* find(handle h) const noexcept = 0;

  // ── Operations ──────────────────────────────────────────────────────────────────────────────

  /// Operations that complete inside submit() in one turn. Further ones wait for the next turn, so
  /// that one busy socket cannot starve the others.
  static constexpr int at_once_max = 64;

  void begin_turn() noexcept { at_once_ = at_once_max; }
  void count_at_once(int n) noexcept { at_once_ -= n; }

  /// Completes `o` inside submit() and returns true while the turn's budget lasts. Beyond it, `o`
  /// becomes ready and runs in its turn.
  [[nodiscard]] bool finish_at_once(op& o, socket_core& s) noexcept {
    if (at_once_ <= 0) return finish_later(o, s);
    --at_once_;
    return true;
  }

  /// Keeps `o` until finish(). Nothing may fail after this.
  void hold(op& o, std::uint8_t state = state_waiting) noexcept {
    o.engine_state = state;
    ++held_;
    o.begin_waiting();
  }
  /// The same for an operation that takes received data.
  void hold_receiver(op& o, socket_core& s, std::uint8_t state = state_waiting) noexcept {
    s.receiver = &o;
    o.engine_state = state;
    ++held_;
    o.begin_waiting(s.receiver);
  }
  /// Completes an operation that is held. Its outcome is set.
  void finish(op& o) noexcept {
    o.engine_state = state_complete;
    --held_;
    sched().ready(o);
  }
  void finish(op& o, outcome_code code) noexcept {
    o.code = code;
    finish(o);
  }
  [[nodiscard]] std::size_t held() const noexcept { return held_; }

  static void unqueue(runnable_queue& queue, const op& o) noexcept;

  // ── Closing ─────────────────────────────────────────────────────────────────────────────────

  /// If a session runs on `s`, remembers its peer's address, for the error of a handler that closes
  /// its stream before it fails.
  void remember_peer(handle h, const socket_core& s) noexcept;
  /// The address that was remembered for a closed stream, or null.
  [[nodiscard]] const address* remembered_peer(handle h) const noexcept;

 private:
  [[nodiscard, gnu::noinline]] bool finish_later(op& o, socket_core& s) noexcept;

  std::size_t held_ = 0;
  int at_once_ = at_once_max;
  std::map<std::uint64_t, address> departed_;  // closed, and their sessions still run
};

/// Stores a handle in a pointer, and back: an accept remembers its listener in op::extra.
[[nodiscard]] inline void* pack_handle(handle h) noexcept {
  return reinterpret_cast<void*>(static_cast<std::uintptr_t>(h.index) << 32 | h.generation);
}
[[nodiscard]] inline handle unpack_handle(const void* packed) noexcept {
  const auto bits = reinterpret_cast<std::uintptr_t>(packed);
  return {static_cast<std::uint32_t>(bits >> 32), static_cast<std::uint32_t>(bits)};
}

}  // namespace bight::machinery
