// SPDX-License-Identifier: MIT
#pragma once

/// What all servers share: limits, draining and error reports.

#include <bight/address.hpp>
#include <bight/error.hpp>
#include <bight/event.hpp>
#include <bight/machinery/callback.hpp>
#include <bight/task.hpp>
#include <bight/time.hpp>

#include <cstddef>
#include <optional>

namespace bight {

/// Options of a server. The defaults are safe; every limit is a field.
struct serve_options {
  /// Maximum number of concurrent sessions per thread; more connections wait in the backlog.
  std::size_t max_connections = 16384;
  /// Connections that the kernel queues until they are accepted. net.core.somaxconn may limit it.
  /// See listen(2).
  int backlog = 4096;
  /// Inactivity timeout: a session that has neither received nor sent for this long ends with
  /// errc::timed_out, and its peer sees a reset. Longer than zero. Not set: no timeout.
  std::optional<duration> idle = 5min;
  /// How long sessions may continue after a drain begins. Then they are cancelled and awaited, and
  /// their peers see a reset.
  duration grace = 10s;
  /// Number of loops, each in its own thread with its own listener (SO_REUSEPORT). The handler is
  /// shared and is called concurrently from all threads.
  unsigned threads = 1;
  /// Whether SIGINT and SIGTERM begin a drain, and a second one ends it. Always on under run() (see
  /// run_options::signals); off by default elsewhere.
  bool signals = false;
  /// Set this event to begin a drain. Borrowed until serve() ends.
  event* drain = nullptr;

  /// Called with each address once the server listens on it, with the actual port.
  machinery::callback<void(const address&)> on_listening = {};
  /// Called once for each failed session, with its peer; an unnamed unix peer is given as the
  /// server's address. Also called with an address of kind none for an error of the server itself,
  /// such as too_many_files. Sessions cancelled at the end of a drain are not reported. The error
  /// of a session's own stream does not repeat the address. If not set, errors are printed on
  /// standard error without waiting for its reader (line_sink): connections reset by the peer are
  /// omitted, and repeated errors are counted and summarized every ten seconds (error_digest).
  machinery::callback<void(const address& peer, const error& e)> on_error = {};
  /// Called once when a drain begins, with the number of sessions in progress.
  machinery::callback<void(std::size_t sessions)> on_drain = {};
};

/// Waits until the server of this session begins to drain, in a session of tcp::serve, tls::serve
/// or udp::serve. Use it where a session is idle between requests; otherwise that session delays
/// the drain until the grace period ends:
///
///     auto next = co_await race(lines.read_line(), until_drain());
///     if (next.index() == 1) co_return;
///
/// Works on every thread of the server. Returns at once if the drain has begun; waits forever in a
/// task that belongs to no session.
///
/// errors  cancelled.
[[nodiscard]] task<> until_drain();

/// Reports whether the server of this context's session is draining. Does not wait:
/// `is_draining(co_await current_context())`.
[[nodiscard]] bool is_draining(const context& session);

}  // namespace bight
