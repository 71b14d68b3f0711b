// SPDX-License-Identifier: MIT
#pragma once

/// A connected byte stream: TCP, a unix socket, or TLS over one of them.

#include <bight/deadline.hpp>
#include <bight/machinery/op.hpp>
#include <bight/options.hpp>

#include <cstddef>
#include <span>
#include <string>

namespace bight {

/// One end of a connection. Move-only. The destructor ends the connection:
///
/// - If an exception destroys the stream, or the task that owns it has failed, the peer sees a
///   reset (with TLS: no close_notify). So an incomplete transfer does not look complete.
/// - Otherwise the connection is closed. In a session of tcp::serve() or tls::serve() that leaves
///   input unread, the close also waits in the background until the sent bytes are delivered: see
///   close().
///
/// A stream has no message boundaries: the bytes of one send() may arrive in pieces or merged with
/// the next. Use a `reader` for lines and frames.
///
/// A failed stream (reset, connection_timed_out, …) stays failed. Bytes that arrived before are
/// still delivered; then every receive and every send fails with the same error. A failure is never
/// reported as an end of stream.
///
/// threads  the thread of the loop that made it. One receive and one send may be in flight at a
///          time; a second one fails with errc::busy. An operation is in flight until its coroutine
///          has resumed. The stream must not be moved or destroyed during that time.
class stream {
 public:
  stream() noexcept = default;
  stream(machinery::carrier& c, machinery::handle h) noexcept : carrier_(&c), handle_(h) {}
  stream(stream&& other) noexcept
      : carrier_(std::exchange(other.carrier_, nullptr)),
        handle_(std::exchange(other.handle_, {})) {}
  /// Closes the connection that it held before.
  stream& operator=(stream&& other) noexcept {
    stream taken(std::move(other));
    std::swap(carrier_, taken.carrier_);
    std::swap(handle_, taken.handle_);
    return *this;
  }
  ~stream() {
    if (handle_) drop();
  }

  /// Receives at least one byte, waiting until some arrive, and lends the bytes out.
  ///
  /// max      maximum number of bytes, at least 1 (asserted). The rest stays for the next receive.
  /// returns  the bytes; empty only at the end of the stream.
  /// errors   reset, connection_timed_out, cancelled, busy; other system errors pass through.
  /// cancel   no byte was taken: the next receive returns them.
  /// source   recv(2); RFC 9293 §3.10.5.
  [[nodiscard]] machinery::recv_operation recv(std::size_t max = 65536) & noexcept {
    if (max == 0) [[unlikely]]
      refuse_nothing();
    return {carrier_, handle_, max};
  }

  /// Receives what has already arrived, without waiting.
  ///
  /// returns  the bytes; empty at the end of the stream; std::nullopt if nothing has arrived.
  /// errors   as recv.
  [[nodiscard]] machinery::try_operation<machinery::recv_operation> try_recv(
      std::size_t max = 65536) & noexcept {
    return machinery::try_operation<machinery::recv_operation>(recv(max));
  }

  /// Receives at least one byte into the caller's buffer.
  ///
  /// into     borrowed until the await ends; must not be empty (asserted).
  /// returns  the count, 1..into.size(); 0 only at the end of the stream.
  /// errors   as recv.
  /// cancel   no byte was taken, but part of `into` may have been overwritten.
  [[nodiscard]] machinery::recv_into_operation recv_into(std::span<std::byte> into) & noexcept;

  /// Sends every byte of every part, gathered: no copy, one system call if the kernel has room.
  ///
  /// parts    text, leases, spans of bytes; borrowed until the await ends. A string literal is sent
  ///          including embedded NULs, a buffer of char up to its first NUL: see piece.
  /// errors   reset, connection_timed_out, closed, cancelled, busy; transferred() is the number of
  ///          bytes that the kernel took. Success does not mean that the peer received them.
  /// cancel   transferred() is exact: no byte after it was sent.
  /// source   sendmsg(2) with MSG_NOSIGNAL.
  template <class... P>
    requires(sizeof...(P) > 0 && (std::is_constructible_v<piece, P&> && ...))
  [[nodiscard]] machinery::send_operation<sizeof...(P)> send(P&&... parts) & noexcept {
    return {machinery::verb::send, carrier_, handle_, piece(parts)...};
  }

  /// Sends a run-time number of parts. The engine modifies them: it advances them past sent bytes.
  [[nodiscard]] machinery::send_pieces_operation send(std::span<piece> parts) & noexcept;

  /// Ends the sending direction; the stream can still receive. Does not wait.
  ///
  /// errors   closed if the connection is already gone.
  /// source   shutdown(2), SHUT_WR; RFC 9293 §3.6.
  void shutdown_send();

  /// Closes now: operations in flight fail with errc::cancelled. Does nothing if already closed.
  ///
  /// unread  TCP resets a connection that is closed with unread input (RFC 2525 §2.17), and the
  ///         reset may discard bytes that were sent but not yet delivered. To ensure delivery, call
  ///         shutdown_send() and receive until the peer's end, within a time limit. TLS does that
  ///         in the background, for at most 30 s, 5 s without a byte, and 64 MiB.
  /// source  close(2).
  void close() noexcept;
  /// Aborts the connection: the peer sees a reset instead of an end. Unix sockets have no reset:
  /// the peer sees an end, or a reset if input was unread.
  void abort() noexcept;

  /// Gives up ownership without closing the connection. For carriers, which close it themselves.
  [[nodiscard]] machinery::handle release() noexcept {
    carrier_ = nullptr;
    return std::exchange(handle_, {});
  }

  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(handle_); }

  /// Whether bytes sent now could still reach the peer. False after the stream was closed, reset,
  /// has failed, or was cut by its server; after shutdown_send(); and after the peer has closed a
  /// unix socket. True is no guarantee: the peer may have disappeared unnoticed. Makes a system
  /// call.
  [[nodiscard]] bool can_send() const noexcept;

  /// The peer's address, also after the peer has closed; of kind none for an unnamed unix socket
  /// and for a closed stream.
  [[nodiscard]] address remote() const;
  /// The local address. The stream must be open (asserted).
  [[nodiscard]] address local() const;

  /// Sets or gets a socket option: `set(options::no_delay, true)`.
  ///
  /// errors  closed if the stream is closed; other system errors pass through.
  template <class T>
  void set(machinery::option<T> o, std::type_identity_t<T> value) {
    set_option(o.id, static_cast<int>(value));
  }
  template <class T>
  [[nodiscard]] T get(machinery::option<T> o) const {
    return static_cast<T>(get_option(o.id));
  }

  /// The engine's handle, for tables and logs. Stale once the stream is closed.
  [[nodiscard]] machinery::handle id() const noexcept { return handle_; }
  /// The carrier of its operations: the loop's engine, or a layer over another stream, such as TLS.
  [[nodiscard]] machinery::carrier* carried_by() const noexcept { return carrier_; }
  /// Time since the last byte was received or sent.
  [[nodiscard]] duration idle() const noexcept;

 private:
  void drop() noexcept;
  [[noreturn]] static void refuse_nothing() noexcept;
  void set_option(machinery::option_id id, int value);
  [[nodiscard]] int get_option(machinery::option_id id) const;

  machinery::carrier* carrier_ = nullptr;
  machinery::handle handle_;
};

}  // namespace bight
