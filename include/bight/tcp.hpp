// SPDX-License-Identifier: MIT
#pragma once

/// TCP: connect, listen, serve.

#include <bight/machinery/addresses.hpp>
#include <bight/serve.hpp>
#include <bight/stream.hpp>

#include <optional>

namespace bight::tcp {

using stream = bight::stream;

struct connect_options {
  /// Delay before the next address is tried in parallel (RFC 8305 §5, Connection Attempt Delay).
  duration attempt_delay = 250ms;
  /// How long to wait for IPv6 addresses after the IPv4 ones (RFC 8305 §3, Resolution Delay).
  duration resolution_delay = 50ms;
  /// Time limit for the lookup and all attempts together. The kernel's own limit is two minutes.
  duration timeout = 30s;
  /// Maximum number of addresses to try, with the families interleaved.
  std::size_t max_attempts = 16;
  /// The only address family to use. Not set: both.
  std::optional<address_family> family = {};
  /// Local address to connect from; of kind none: the system chooses.
  address from = {};
  /// Called with each resolved address before connecting. Return false to forbid that address.
  /// Because the check sees the address that is actually used, DNS rebinding cannot bypass it.
  machinery::callback<bool(const address&)> allow = {};
};

/// Connects to `to`: an address or a name. A name's IPv6 and IPv4 addresses are looked up
/// concurrently and raced (Happy Eyeballs), so a broken path of one family costs 250 ms
/// (attempt_delay). "unix:/path" connects to a unix socket. Sets options::no_delay, so small sends
/// are not delayed.
///
/// errors  refused, unreachable, timed_out, name_not_found, name_unavailable, …; if several
///         addresses failed, the text lists each. denied if options.allow leaves no address.
/// cancel  no connection is left behind.
/// source  RFC 8305; RFC 9293 §3.5.
[[nodiscard]] task<stream> connect(address to, connect_options options = connect_options());

/// A listening socket. Move-only; the destructor closes it.
class listener {
 public:
  listener() noexcept = default;
  listener(machinery::carrier& c, machinery::handle h) noexcept : carrier_(&c), handle_(h) {}
  listener(listener&& other) noexcept
      : carrier_(other.carrier_), handle_(std::exchange(other.handle_, {})) {}
  /// Closes the socket that it held before.
  listener& operator=(listener&& other) noexcept {
    listener taken(std::move(other));
    std::swap(carrier_, taken.carrier_);
    std::swap(handle_, taken.handle_);
    return *this;
  }
  ~listener() { close(); }

  class [[nodiscard]] accept_operation : public machinery::op,
                                         public machinery::awaits<accept_operation> {
   public:
    using value_type = stream;
    using machinery::op::op;
    [[nodiscard]] result<stream> take();
  };

  /// Waits for the next connection.
  ///
  /// errors  too_many_files if no descriptors are left, no_resources: wait a little, then accept
  ///         again. Errors of a connection that failed before it was accepted (ECONNABORTED and
  ///         similar, accept(2)) are skipped, but the 16th in a row is reported, because the cause
  ///         may not be a single connection.
  /// cancel  a connection that had just been accepted is returned by the next accept.
  [[nodiscard]] accept_operation accept() & noexcept {
    return {machinery::verb::accept, carrier_, handle_};
  }

  /// The address it listens on, with the actual port.
  [[nodiscard]] address local() const;
  /// The engine's handle, for tables and logs. Empty once the listener is closed or moved from.
  [[nodiscard]] machinery::handle id() const noexcept { return handle_; }
  /// Stops listening. An accept in flight fails with errc::cancelled; connections not yet accepted
  /// are reset.
  void close() noexcept;

 private:
  machinery::carrier* carrier_ = nullptr;
  machinery::handle handle_;
};

struct listen_options {
  int backlog = 4096;
  bool reuse_port = false;
  /// The only address family of ":port" and of names. Not set: both.
  std::optional<address_family> family = {};
};

/// Listens on `at`: one address, ":port" for every address of this machine (dual stack), a name
/// (the first of its addresses that can be bound), or "unix:/path". A stale socket file, on which
/// no process listens, is replaced; the file is removed on close.
///
/// errors  address_in_use, address_not_available, denied, name_not_found.
[[nodiscard]] task<listener> listen(address at, listen_options options = listen_options());

using handler = machinery::callback<task<>(stream)>;

/// Serves `at` until a drain: an address, its text, or a vector of addresses with one limit and one
/// drain for all. `handle` runs concurrently, in one session per connection. A name is served on
/// all of its addresses. A text is parsed when the server starts, so an invalid one is an error of
/// the task, and thus of run(), and not an exception in main().
///
/// A drain begins when options.drain is set and, under run() or with options.signals, on SIGINT and
/// SIGTERM. The server then accepts no more connections, and sessions have options.grace to finish;
/// after that they are cancelled and awaited. A second signal cancels them at once. serve() returns
/// without an error after a drain.
///
/// ends    If a session returns, its sent bytes are delivered even if it leaves input unread that
///         the server knows of: the end is sent, and input is discarded until the peer's end, for
///         at most 30 s, 5 s without a byte, and 64 MiB. If a session fails or is cut, its
///         connection is reset.
/// errors  those of listening only. An error of a session ends that session alone; see on_error. If
///         no descriptors are left, existing connections are kept, and the server accepts again
///         when one is free.
/// cancel  stops listening, cancels the sessions and awaits them.
[[nodiscard]] BIGHT_CORO_WRAPPER task<> serve(machinery::addresses at, handler handle,
                                              serve_options options = serve_options());

/// Serves the connections of `at`, an open listener (asserted) of this loop, with its backlog.
/// Closes it when the drain begins.
///
/// errors  invalid if options.threads is not 1: one listener serves on one thread.
[[nodiscard]] BIGHT_CORO_WRAPPER task<> serve(listener at, handler handle,
                                              serve_options options = serve_options());

}  // namespace bight::tcp
