// SPDX-License-Identifier: MIT
#pragma once

/// Faults that are planted on purpose: a test of the tests.
///
/// tests/planted builds the library once more with BIGHT_PLANTED, turns on one fault after the
/// other, and expects the scenarios to fail. Everywhere else planted() is false when the code is
/// compiled, and nothing is left of it.

#include <cstdint>

namespace bight {

enum class bug : std::uint8_t {
  none,
  event_keeps_stopped,    // one that was stopped is woken once more
  sleep_keeps_hook,       // a sleep that is over can still be stopped
  timer_skips_the_front,  // a timer that is disarmed takes another with it
  timers_lose_order,
  stop_tells_one,          // of several that wait
  scope_ends_early,        // before its last child
  deadline_loses_bytes,    // that had arrived when it passed
  operation_keeps_hook,    // one that is over can still be stopped
  operation_ignores_stop,  // begins in a context that has been stopped
  failure_counts_nothing,  // of a send that went in part
  splitter_repeats,        // what was used up
  splitter_wants_more,     // than was asked for
  splitter_steps_short,    // one byte is handed out twice
  flush_repeats,           // the last byte of what has left
  drain_lets_in,           // one more
  one_session_too_many,
  seat_keeps_quiet,      // nobody learns that a session has ended
  drain_never_cuts,      // sessions that outlast the grace
  shortage_ends_server,  // without descriptors an accept loop dies
  datagram_from_nobody,  // the sender's address is lost
  race_waits_for_ip6,    // however long its look-up takes
  look_up_tells_nobody,  // that it has ended
  race_keeps_losers,     // and waits for them
  buffer_lent_twice,
  buffer_freed_early,
  send_skips_a_byte,         // behind what went of a partial send
  end_never_told,            // to the peer
  cancel_keeps_receiver,     // in the socket's table
  close_keeps_operations,    // nobody completes them
  returned_bytes_go_behind,  // and not in front
  truncation_is_an_end,      // of a connection of TLS
  short_page_is_whole,
  count,
};

#ifdef BIGHT_PLANTED
[[nodiscard]] bool planted(bug b) noexcept;
#else
[[nodiscard]] constexpr bool planted(bug) noexcept { return false; }
#endif

}  // namespace bight
