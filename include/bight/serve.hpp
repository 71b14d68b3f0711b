// SPDX-License-Identifier: MIT
#pragma once

/// What every server has: limits, a drain, and a word when a session fails.

#include <bight/address.hpp>
#include <bight/error.hpp>
#include <bight/event.hpp>
#include <bight/machinery/callback.hpp>
#include <bight/task.hpp>
#include <bight/time.hpp>

#include <cstddef>

namespace bight {

/// How a server behaves. The defaults are safe; every limit is a field.
struct serve_options {
  /// Sessions at a time, in each thread; more wait in the backlog until one ends.
  std::size_t max_connections = 16384;
  /// Connections that the kernel keeps for us until they are accepted; it may cap this
  /// (net.core.somaxconn). listen(2).
  int backlog = 4096;
  /// Inactivity timeout: a session that has neither received nor sent for this long ends with
  /// errc::timed_out, and its peer sees a reset. Zero: never.
  duration idle = 5min;
  /// How long sessions may go on once a drain begins. Then they are cancelled and awaited, and
  /// their peers see a reset.
  duration grace = 10s;
  /// Loops, each in a thread of its own with a listener of its own (SO_REUSEPORT). The handler is
  /// shared: it must be callable from all of them.
  unsigned threads = 1;
  /// Whether SIGINT and SIGTERM begin a drain, and a second one ends it. Always so under run(), see
  /// run_options::signals; elsewhere a program has to ask for it.
  bool signals = false;
  /// A program's own way to begin a drain: set it. Borrowed until serve() ends.
  event* drain = nullptr;

  /// Told each address as it is listened on, with its real port.
  machinery::callback<void(const address&)> on_listening = {};
  /// Called once for each session that fails, with its peer; a unix peer without a name is named by
  /// the server's address. Sessions that the end of a drain cancels are not reported. The error of
  /// a session's own stream does not repeat the address. If not set, errors are reported on
  /// standard error, without ever waiting for its reader (line_sink): a connection that its peer
  /// reset is no line, and errors that repeat are counted and summed up every ten seconds
  /// (error_digest).
  machinery::callback<void(const address& peer, const error& e)> on_error = {};
  /// Told once when a drain begins, with the number of sessions that are left.
  machinery::callback<void(std::size_t sessions)> on_drain = {};
};

/// Waits, in a session of tcp::serve, tls::serve or udp::serve, until its server begins to drain. A
/// session that only keeps a connection in case the peer has more to ask would else use up the
/// grace:
///
///     auto next = co_await race(lines.read_line(), until_drain());
///     if (next.index() == 1) co_return;
///
/// On every thread of the server. Returns at once if the drain has begun; waits for ever in a task
/// that belongs to no session.
///
/// errors  cancelled.
[[nodiscard]] task<> until_drain();

/// Whether the server of the session that runs in this context drains. Does not wait:
/// `is_draining(co_await current_context())`.
[[nodiscard]] bool is_draining(const context& session);

}  // namespace bight
