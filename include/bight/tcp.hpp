// SPDX-License-Identifier: MIT
#pragma once

/// TCP: connect, listen, serve.

#include <bight/serve.hpp>
#include <bight/stream.hpp>

namespace bight::tcp {

using stream = bight::stream;

struct connect_options {
  /// The head start of each address over the next (RFC 8305 §5, Connection Attempt Delay).
  duration attempt_delay = 250ms;
  /// How long to wait for IPv6 addresses once IPv4's are there (RFC 8305 §3, Resolution Delay).
  duration resolution_delay = 50ms;
  /// For the whole of it: look-up and every attempt. The kernel's own limit is two minutes.
  duration timeout = 30s;
  /// Addresses tried at most, families interleaved.
  std::size_t max_attempts = 16;
  /// Only addresses of this family: 4, 6, or 0 for both.
  int family = 0;
  /// Where to connect from; of kind none: the system chooses.
  address from = {};
  /// Asked of each address before it is connected to; false means never. What it is asked of is
  /// what is connected to: a name that is looked up again elsewhere cannot lead around it.
  machinery::callback<bool(const address&)> allow = {};
};

/// Connects to `to`: an address, or a name whose IPv6 and IPv4 addresses are looked up side by side
/// and raced (Happy Eyeballs), so a broken path of one family costs a quarter of a second.
/// "unix:/path" connects to a unix socket. Small sends are not delayed (options::no_delay).
///
/// errors  refused, unreachable, timed_out, name_not_found, name_unavailable, …; when several
///         addresses failed the text lists each. denied when options.allow leaves none.
/// cancel  no connection is left behind.
/// source  RFC 8305; RFC 9293 §3.5.
[[nodiscard]] task<stream> connect(address to, connect_options options = connect_options());

/// A socket that listens. Move-only; closes when it dies.
class listener {
 public:
  listener() noexcept = default;
  listener(machinery::carrier& c, machinery::handle h) noexcept : carrier_(&c), handle_(h) {}
  listener(listener&& other) noexcept
      : carrier_(other.carrier_), handle_(std::exchange(other.handle_, {})) {}
  /// Closes the socket that it had.
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
  /// errors  too_many_files when descriptors have run out, no_resources: wait a little, then accept
  ///         again. Errors of the connection itself (ECONNABORTED and its like, accept(2)) are
  ///         skipped, but 16 in a row are reported: they may not be about one connection.
  /// cancel  a connection that had just been accepted waits for the next accept.
  [[nodiscard]] accept_operation accept() & noexcept {
    return {machinery::verb::accept, carrier_, handle_};
  }

  /// The address it listens on, with the real port.
  [[nodiscard]] address local() const;
  /// Stops listening; an accept in flight ends with errc::cancelled, connections that were not
  /// accepted are reset.
  void close() noexcept;

 private:
  machinery::carrier* carrier_ = nullptr;
  machinery::handle handle_;
};

struct listen_options {
  int backlog = 4096;
  bool reuse_port = false;
  /// What ":port" means: 4, 6 (no IPv4), or 0 for both.
  int family = 0;
};

/// Listens on `at`: one address, ":port" for every address of this machine (dual stack), a name
/// (its first address that can be bound), or "unix:/path" (a socket file that nobody listens on any
/// more is replaced; it is removed at the close).
///
/// errors  address_in_use, address_not_available, denied, name_not_found.
[[nodiscard]] task<listener> listen(address at, listen_options options = listen_options());

using handler = machinery::callback<task<>(stream)>;

/// Serves `handle` at `at` until a drain: every connection gets a session of its own, side by side.
/// A name is served at every address that it has.
///
/// A drain begins when options.drain is set and, under run() or with options.signals, at SIGINT and
/// SIGTERM: no more connections are accepted, sessions get options.grace to finish, then they are
/// cancelled and awaited. A second signal cancels them at once. Ends without an error after a
/// drain.
///
/// ends    A session that returns has its answer delivered, also when it leaves input unread that
///         the server knows of: the end is sent, and input is discarded until the peer's end, for
///         at most 30 s, 5 s without a byte, and 64 MiB. A session that fails or is cut is reset.
/// errors  only those of listening. A session's error ends that session alone; see on_error. With
///         no descriptors left the server keeps what it has and accepts again when one is free.
/// cancel  stops listening, cancels the sessions and awaits them.
[[nodiscard]] task<> serve(address at, handler handle, serve_options options = serve_options());

/// The same with the address as text, read when the server starts: a bad one is an error of the
/// task, and so of run(), and not an exception in main().
[[nodiscard]] BIGHT_CORO_WRAPPER task<> serve(const char* at, handler handle,
                                              serve_options options = serve_options());

/// The same on several addresses at once, with one limit and one drain for all.
[[nodiscard]] task<> serve(std::vector<address> at, handler handle,
                           serve_options options = serve_options());

}  // namespace bight::tcp
