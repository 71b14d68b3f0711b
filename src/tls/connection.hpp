// SPDX-License-Identifier: MIT
#pragma once

/// One TLS connection: a carrier on top of a stream.

#include <bight/stream.hpp>

#include "base/names.hpp"
#include "loop/loop.hpp"
#include "net/stacked.hpp"
#include "tls/failure.hpp"
#include "tls/wire.hpp"

#include <optional>
#include <string>

namespace bight::tls {

/// Buffers shared by the sessions of a loop. Two pools, because OpenSSL may write while it reads,
/// and a pool's room is valid only until the next call.
struct session_buffers : loop_data {
  buffer_pool plain;
  buffer_pool cipher;
};

/// Receives the session tickets of a client's connection.
class ticket_taker {
 public:
  virtual void take_ticket(session_ptr ticket) = 0;

 protected:
  ~ticket_taker() = default;
};

/// Decrypts and encrypts for one stream, with at most one receive and one send in flight on the
/// stream below. Driven by the stream's operations and by completions from below; it uses no
/// coroutine, and no memory per message except OpenSSL's.
///
/// life  Owned by the stream that attach() returns. When that stream is closed, the connection
/// sends
///       close_notify. Its deletion is queued on the ready list behind all operations that it
///       completed, because these still query it for addresses and errors.
class connection final : public stacked {
 public:
  /// Returns a TLS stream over `below` whose handshake has not begun. `kept` owns the data that the
  /// callbacks of `ssl` use, and lives as long as the connection.
  [[nodiscard]] static stream attach(stream below, ssl_ptr ssl, loop& l,
                                     std::shared_ptr<ticket_taker> tickets,
                                     std::shared_ptr<const void> kept);
  /// The connection of a stream; null if it is closed or not a TLS stream.
  [[nodiscard]] static connection* of(const stream& s) noexcept;
  [[nodiscard]] SSL* ssl() const noexcept { return ssl_.get(); }

  [[nodiscard]] std::error_code shutdown_send(handle h) override;
  void close(handle h, ending how) noexcept override;
  [[nodiscard]] bool can_send(handle h) const noexcept override;
  [[nodiscard]] error explain(std::error_code code, std::string_view tried,
                              std::uint64_t transferred) const override;

  // For OpenSSL's callbacks, which get the connection from SSL_get_app_data.
  void on_ticket(session_ptr ticket);
  void on_key_update() noexcept { ++key_updates_; }
  void on_refused(x509_ptr certificate) noexcept { refused_ = std::move(certificate); }

 private:
  // An operation on the stream below; constructed anew for each use.
  struct raw : op {
    raw(verb v, connection& s, void (*done)(runnable&)) noexcept;
    connection* owner;
    lease received;
    ring_link alone;  // no context stops it
  };
  struct owned_timer : timer {
    connection* owner = nullptr;
  };
  struct owned_hook : stop_hook {
    connection* owner = nullptr;
  };
  struct owned_end : runnable {
    connection* owner = nullptr;
  };

  connection(stream below, ssl_ptr ssl, loop& l, std::shared_ptr<ticket_taker> tickets,
             std::shared_ptr<const void> kept);
  ~connection() override;

  // connection.cpp: one step of each of the stream's operations.
  void pump() noexcept override;
  void cancel_in(op*& slot) noexcept override;
  void pump_all();
  void shake();
  void encrypt();
  void decrypt();
  [[nodiscard]] std::size_t decrypt_into(std::span<std::byte> room);
  [[nodiscard]] std::span<const std::byte> next_text(const op& o);

  // transport.cpp: the stream below.
  [[nodiscard]] bool receive();
  void take_received();
  [[nodiscard]] bool transmit();
  void take_sent();
  void on_raw_done();
  [[nodiscard]] static bool submit_below(raw& r) noexcept;
  void rest() noexcept;

  // errors.cpp: errors.
  enum class stopped : std::uint8_t { no, wants_input, ended, failed };
  [[nodiscard]] stopped why_stopped(int outcome);
  void fail(failure f);
  void run_out_of_memory() noexcept override;
  [[nodiscard]] failure failure_now();
  [[nodiscard]] std::string phase() const;

  // close.cpp: the end.
  void send_close_notify() noexcept;
  void part() noexcept;
  void part_now();
  [[nodiscard]] bool owes_a_read() const noexcept;
  [[nodiscard]] bool must_linger() const noexcept;
  void look() noexcept;
  void cut(bool reset) noexcept;

  session_buffers& buffers_;
  wire wire_;
  ssl_ptr ssl_;  // declared after the wire, which its BIO borrows
  std::shared_ptr<ticket_taker> tickets_;
  std::shared_ptr<const void> kept_;

  // Operations on the stream below.
  std::optional<raw> receiving_;
  std::optional<raw> sending_;
  std::vector<lease> leaving_;  // the data of sending_
  std::vector<piece> pieces_;
  bool wants_input_ = false;
  bool heard_ = false;  // anything was received
  // The first bytes received: a record header and the type of the handshake message.
  static constexpr std::size_t opening_max = SSL3_RT_HEADER_LENGTH + 1;
  std::string opening_;
  std::error_code receive_failed_;
  std::error_code send_failed_;

  // Progress.
  bool established_ = false;
  bool peer_ended_ = false;
  bool broken_ = false;  // OpenSSL must not be called again
  bool got_ticket_ = false;
  bool unanswered_ = false;  // data was sent since the last data was received
  int key_updates_ = 0;      // since the last data was received
  failure failure_;
  x509_ptr refused_;

  // The end.
  bool close_notify_sent_ = false;
  bool half_closed_ = false;
  bool quiet_ = false;   // no traffic for linger_silence before the close
  bool failed_ = false;  // output may be incomplete: reset after the last alert
  bool cut_ = false;
  time_point closed_at_{};
  owned_timer give_up_;
  owned_hook lingering_;
  owned_end end_;
};

/// Runs the handshake of a stream from connection::attach(). `with` is borrowed and names the peer
/// in messages; null: the stream's remote address.
class [[nodiscard]] handshake_operation : public op {
 public:
  using value_type = void;
  explicit handshake_operation(stream& s, address* with = nullptr) noexcept
      : op(verb::connect, s.carried_by(), s.id()) {
    peer = with;
  }
  [[nodiscard]] result<void> take();
};

}  // namespace bight::tls
