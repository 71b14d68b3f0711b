// SPDX-License-Identifier: MIT
#pragma once

/// Generated conversations: two peers of one connection, and what each does, step by step.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parity {

enum class act : std::uint8_t {
  send,            ///< begin to send `bytes` bytes
  receive,         ///< begin to receive `bytes` bytes
  receive_into,    ///< the same into a buffer of the program's
  receive_within,  ///< the same with a deadline half a step from now
  shut_down,
  close,
  abort,
  cancel_send,     ///< of the send that is under way, if any
  cancel_receive,  ///< of the receive that is under way, if any
  sleep,           ///< nothing, for one step
};

struct step {
  act what = act::sleep;
  std::uint8_t peer = 0;  ///< who: 0 has connected, 1 has accepted
  /// Nothing settles between this step and the next: the two race.
  bool races = false;
  std::uint32_t bytes = 0;
};

struct script {
  std::uint64_t seed = 0;
  std::vector<step> steps;

  /// Where the first of the two steps that race is; steps.size() without a race.
  [[nodiscard]] std::size_t race() const noexcept;
};

/// So many bytes always fit into a connection that nobody reads, whatever the engine...
inline constexpr std::uint32_t fits = 60 * 1024;
/// ...and so many never do.
inline constexpr std::uint32_t never_fits = 24 << 20;

/// The script of that seed: 3 to 30 steps.
[[nodiscard]] script generate(std::uint64_t seed);

/// The orders that a race may have.
enum class order : std::uint8_t {
  written,
  exchanged,
  /// A close is two things: it gives up what is received, and ends the connection. The other's step
  /// is between them, so what that sends is left unread.
  between,
};

/// The same without the race, its steps one after the other; nothing when it cannot have that
/// order.
[[nodiscard]] std::optional<script> in_order(const script& s, order o);

/// One line a step, as a person reads it.
[[nodiscard]] std::string text(const script& s);
[[nodiscard]] std::string text(const step& s);

}  // namespace parity
