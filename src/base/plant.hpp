// SPDX-License-Identifier: MIT
#pragma once

/// Deliberately planted faults, to test the tests.
///
/// tests/planted builds the library with BIGHT_PLANTED, enables one fault at a time, and expects
/// the scenarios to fail. In every other build planted() is constant false, so the faults compile
/// to nothing.

#include <cstdint>

namespace bight {

enum class bug : std::uint8_t {
  none,
  event_keeps_stopped,    // a stopped waiter is woken again
  sleep_keeps_hook,       // a finished sleep can still be stopped
  timer_skips_the_front,  // disarming a timer removes another one as well
  timers_lose_order,
  stop_tells_one,          // only one of several waiters is stopped
  scope_ends_early,        // before its last child has ended
  deadline_loses_bytes,    // bytes received before it expired
  operation_keeps_hook,    // a finished operation can still be stopped
  operation_ignores_stop,  // starts in a stopped context
  failure_counts_nothing,  // a partial send reports 0 bytes
  splitter_repeats,        // consumed bytes are returned again
  splitter_wants_more,     // requires one byte too many
  splitter_steps_short,    // one byte is returned twice
  flush_repeats,           // the last sent byte is sent again
  drain_lets_in,           // a drain accepts one more session
  one_session_too_many,
  seat_keeps_quiet,      // the end of a session is not signalled
  drain_never_cuts,      // sessions outlast the grace period
  shortage_ends_server,  // an accept loop ends when descriptors run out
  datagram_from_nobody,  // the sender's address is lost
  race_waits_for_ip6,    // however long the IPv6 lookup takes
  look_up_tells_nobody,  // the end of a lookup is not signalled
  race_keeps_losers,     // losing attempts run on, and the race waits for them
  buffer_lent_twice,
  buffer_freed_early,
  send_skips_a_byte,         // after a partial send
  end_never_told,            // the end of stream is not sent to the peer
  cancel_keeps_receiver,     // a cancelled receive stays in the socket's table
  close_keeps_operations,    // they never complete
  returned_bytes_go_behind,  // requeued bytes are queued last, not first
  truncation_is_an_end,      // a truncated TLS connection counts as a normal end
  short_page_is_whole,
  count,
};

#ifdef BIGHT_PLANTED
[[nodiscard]] bool planted(bug b) noexcept;
#else
[[nodiscard]] constexpr bool planted(bug) noexcept { return false; }
#endif

}  // namespace bight
