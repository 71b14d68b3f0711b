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
/// reset
///   (with TLS: no close_notify). So a transfer that failed does not look complete.
/// - Otherwise it closes. In a session of tcp::serve() or tls::serve() that leaves input unread it
///   also waits, in the background, until the peer has what was sent: see close().
///
/// A stream has no messages: what one send() wrote may arrive in pieces or merged with the next.
/// Use a `reader` for lines and frames.
///
/// A stream that has failed (reset, connection_timed_out, …) stays failed: what had arrived before
/// is still delivered, then every receive and every send fails with the same error. It never turns
/// into an end.
///
/// threads  the loop's that made it. One receive and one send may be in flight at a time; a second
///          one fails with errc::busy. An operation is in flight until its coroutine has gone on.
///          The stream must not move or die while one is.
class stream {
 public:
  stream() noexcept = default;
  stream(machinery::carrier& c, machinery::handle h) noexcept : carrier_(&c), handle_(h) {}
  stream(stream&& other) noexcept
      : carrier_(std::exchange(other.carrier_, nullptr)),
        handle_(std::exchange(other.handle_, {})) {}
  /// Closes the connection that it had.
  stream& operator=(stream&& other) noexcept {
    stream taken(std::move(other));
    std::swap(carrier_, taken.carrier_);
    std::swap(handle_, taken.handle_);
    return *this;
  }
  ~stream() {
    if (handle_) drop();
  }

  /// Receives at least one byte, waiting until some arrive, and lends them out.
  ///
  /// max      at most so many bytes (asserted to be more than 0). What does not fit stays.
  /// returns  the bytes; empty only at the end of the stream.
  /// errors   reset, connection_timed_out, cancelled, busy; other system errors pass through.
  /// cancel   no byte was taken: they come with the next receive.
  /// source   recv(2); RFC 9293 §3.10.5.
  [[nodiscard]] machinery::recv_operation recv(std::size_t max = 65536) & noexcept {
    if (max == 0) [[unlikely]]
      refuse_nothing();
    return {carrier_, handle_, max};
  }

  /// Receives what is there now, and waits for nothing.
  ///
  /// returns  the bytes; empty at the end of the stream; std::nullopt when there is nothing yet.
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
  /// cancel   no byte was taken, though some of `into` may have been overwritten.
  [[nodiscard]] machinery::recv_into_operation recv_into(std::span<std::byte> into) & noexcept;

  /// Sends every byte of every part, gathered: no copy, one system call when the kernel has room.
  ///
  /// parts    text, leases, spans of bytes; borrowed until the await ends. A string literal is sent
  ///          with the NULs inside it, a buffer of char up to its first NUL: see piece.
  /// errors   reset, connection_timed_out, closed, cancelled, busy; transferred() says how many
  ///          bytes the kernel had taken. A send that succeeds proves nothing about the peer.
  /// cancel   the count in the error is exact: bytes after it were not sent.
  /// source   sendmsg(2) with MSG_NOSIGNAL.
  template <class... P>
    requires(sizeof...(P) > 0 && (std::is_constructible_v<piece, P&> && ...))
  [[nodiscard]] machinery::send_operation<sizeof...(P)> send(P&&... parts) & noexcept {
    return {machinery::verb::send, carrier_, handle_, piece(parts)...};
  }

  /// The same for parts that are counted at run time. They are used up: the engine advances them.
  [[nodiscard]] machinery::send_pieces_operation send(std::span<piece> parts) & noexcept;

  /// Tells the peer that no more bytes will come; receiving goes on. Does not wait.
  ///
  /// errors   closed when the connection is already gone.
  /// source   shutdown(2), SHUT_WR; RFC 9293 §3.6.
  void shutdown_send();

  /// Closes now: operations in flight end with errc::cancelled. Nothing when it is closed already.
  ///
  /// unread  TCP resets a connection that is closed with input unread (RFC 2525 §2.17), and the
  ///         reset may destroy what was sent before. To be sure that it arrives, call
  ///         shutdown_send() and receive until the peer's end, within a time limit. TLS does that
  ///         by itself, for at most 30 s, 5 s without a byte, and 64 MiB.
  /// source  close(2).
  void close() noexcept;
  /// Discards the connection: the peer sees a reset instead of an end. A unix socket has no reset:
  /// its peer sees an end, or a reset if input was unread.
  void abort() noexcept;

  /// Gives the connection up without closing it: for carriers, which close it themselves.
  [[nodiscard]] machinery::handle release() noexcept {
    carrier_ = nullptr;
    return std::exchange(handle_, {});
  }

  [[nodiscard]] explicit operator bool() const noexcept { return static_cast<bool>(handle_); }

  /// Whether bytes that are sent now could still reach the peer. False once the stream is closed,
  /// reset or failed, once its sending side is shut down or its peer has closed a unix socket, and
  /// once its server has cut it. True is no promise: the peer may be gone without a sign. Makes a
  /// system call.
  [[nodiscard]] bool can_send() const noexcept;

  /// The address of the other end, also when it has gone; of kind none for an unnamed unix socket
  /// and for a stream that is closed here.
  [[nodiscard]] address remote() const;
  /// The address of this end.
  [[nodiscard]] address local() const;

  /// Sets and reads a socket option: `set(options::no_delay, true)`.
  template <class T>
  void set(machinery::option<T> o, std::type_identity_t<T> value) {
    set_option(o.id, static_cast<int>(value));
  }
  template <class T>
  [[nodiscard]] T get(machinery::option<T> o) const {
    return static_cast<T>(get_option(o.id));
  }

  /// What the engine calls it: for tables and logs. Stale once the stream is closed.
  [[nodiscard]] machinery::handle id() const noexcept { return handle_; }
  /// What carries its operations: the loop's engine, or a layer over another stream, as TLS is.
  [[nodiscard]] machinery::carrier* carried_by() const noexcept { return carrier_; }
  /// How long nothing has been received or sent.
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
