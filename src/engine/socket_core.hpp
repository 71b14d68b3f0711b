// SPDX-License-Identifier: MIT
#pragma once

/// What every engine knows about a socket, whatever moves its bytes.

#include <bight/machinery/op.hpp>
#include <bight/time.hpp>

#include "base/names.hpp"
#include "engine/carrier.hpp"

#include <cstdint>

namespace bight::machinery {

/// Values of op::engine_state; an engine adds its own from 2 on.
inline constexpr std::uint8_t state_complete = 0;
inline constexpr std::uint8_t state_waiting = 1;  ///< for the socket: nothing else has it

/// Each engine's socket derives from this. Small fields come last, so that those of a derived
/// struct fill the same word.
struct socket_core {
  time_point last_used{};
  op* receiver = nullptr;     ///< accept, recv, recv_into, arrival, read; until its coroutine runs
  bool joins : 1 = false;     ///< datagrams may arrive joined (GRO)
  bool end_sent : 1 = false;  ///< our direction has been ended
  attention attended : 2 = attention::none;

  [[nodiscard]] bool has_waiting_receiver() const noexcept {
    return receiver != nullptr && receiver->engine_state == state_waiting;
  }
  /// Whether a close must reset the connection. A failed session's peer must not take what it has
  /// got for the whole, unless it has been sent the end.
  [[nodiscard]] bool must_reset(ending how) const noexcept {
    const bool failed = how == ending::failed || attended == attention::cut;
    return how == ending::reset || (failed && !end_sent);
  }
};

/// Completes `o` inside submit(), with the error `why`.
[[nodiscard]] inline bool refuse(op& o, outcome_code why) noexcept {
  o.code = why;
  return true;
}

}  // namespace bight::machinery
