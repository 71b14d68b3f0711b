// SPDX-License-Identifier: MIT
#pragma once

/// One TLS connection: a carrier that stands on a stream.

#include <bight/stream.hpp>

#include "base/names.hpp"
#include "engine/loop.hpp"
#include "tls/failure.hpp"
#include "tls/wire.hpp"

#include <optional>
#include <string>

namespace bight::tls {

/// Buffers that the sessions of a loop share. Two pools, because OpenSSL may write an answer while
/// it reads, and room in a pool is valid until the next call only.
struct session_buffers : loop_local {
  buffer_pool plain;
  buffer_pool cipher;
};

/// What a client's session hands on the session tickets that it gets.
class ticket_taker {
 public:
  virtual void take_ticket(session_ptr ticket) = 0;

 protected:
  ~ticket_taker() = default;
};

/// Decrypts and encrypts for one stream, by way of at most one receive and one send on the stream
/// below. Driven by what the stream's operations ask and by what comes back from below; no
/// coroutine, and no memory for a message but OpenSSL's own.
///
/// life  It belongs to the stream that attach() gives. Once that is closed it says its farewell,
///       and ends in the ready list behind every operation that it has completed, because those
///       still ask it for addresses and errors when they are taken.
class session final : public carrier {
 public:
  /// A stream over `below`, whose handshake has not begun. `kept` lives as long as the session:
  /// what the callbacks of `ssl` stand on.
  [[nodiscard]] static stream attach(stream below, ssl_ptr ssl, loop& l,
                                     std::shared_ptr<ticket_taker> tickets,
                                     std::shared_ptr<const void> kept);
  /// The session of a stream, or null when it is not one of TLS or is closed.
  [[nodiscard]] static session* of(const stream& s) noexcept;
  [[nodiscard]] SSL* ssl() const noexcept { return ssl_.get(); }

  // carrier
  [[nodiscard]] bool submit(op& o) override;
  void cancel(op& o) noexcept override;
  void requeue(op& o) noexcept override;
  [[nodiscard]] std::error_code shutdown_send(handle h) override;
  void close(handle h, ending how) noexcept override;
  void attend(handle h, attention a) noexcept override;
  [[nodiscard]] attention attended(handle h) const noexcept override;
  /// False: the farewell sees to that.
  [[nodiscard]] bool may_lose(handle) const noexcept override { return false; }
  [[nodiscard]] bool can_send(handle h) const noexcept override;
  [[nodiscard]] result<address> local(handle h) const override;
  [[nodiscard]] result<address> remote(handle h) const override;
  [[nodiscard]] std::error_code set(handle h, option_id id, int value) override;
  [[nodiscard]] result<int> get(handle h, option_id id) const override;
  [[nodiscard]] time_point last_used(handle h) const noexcept override;
  [[nodiscard]] error explain(std::error_code code, std::string_view tried,
                              std::uint64_t transferred) const override;

  // For OpenSSL's callbacks, which find the session by SSL_get_app_data.
  void on_ticket(session_ptr ticket);
  void on_key_update() noexcept { ++key_updates_; }
  void on_refused(x509_ptr certificate) noexcept { refused_ = std::move(certificate); }

 private:
  // An operation of our own on the stream below; made anew for each use.
  struct raw : op {
    raw(verb v, session& s, void (*done)(runnable&)) noexcept;
    session* owner;
    lease received;
    ring_link alone;  // no context stops it
  };
  struct owned_timer : timer {
    session* owner = nullptr;
  };
  struct owned_hook : stop_hook {
    session* owner = nullptr;
  };
  struct owned_end : runnable {
    session* owner = nullptr;
  };

  session(stream below, ssl_ptr ssl, loop& l, std::shared_ptr<ticket_taker> tickets,
          std::shared_ptr<const void> kept);
  ~session() override;

  // session.cpp: what the stream's operations want, one step of each.
  void pump() noexcept;
  void pump_all();
  void shake();
  void encrypt();
  void decrypt();
  [[nodiscard]] std::size_t decrypt_into(std::span<std::byte> room);
  void give(op& o, lease bytes) noexcept;
  [[nodiscard]] std::span<const std::byte> next_text(const op& o);
  void finish(op*& slot, std::error_code code = {}) noexcept;
  void hand_over(bool from_loop);

  // transport.cpp: the stream below.
  [[nodiscard]] bool receive();
  void take_received();
  [[nodiscard]] bool transmit();
  void take_sent();
  void on_raw_done();
  [[nodiscard]] static bool submit_below(raw& r) noexcept;
  void rest() noexcept;

  // errors.cpp: what went wrong.
  enum class stopped : std::uint8_t { no, wants_input, ended, failed };
  [[nodiscard]] stopped why_stopped(int outcome);
  void fail(failure f);
  void run_out_of_memory() noexcept;
  [[nodiscard]] failure failure_now();
  [[nodiscard]] std::string phase() const;

  // close.cpp: the end.
  void say_goodbye() noexcept;
  void drop(op*& slot) noexcept;
  void part() noexcept;
  void part_now();
  [[nodiscard]] bool owes_a_read() const noexcept;
  [[nodiscard]] bool must_linger() const noexcept;
  void look() noexcept;
  void cut(bool reset) noexcept;

  loop& loop_;
  session_buffers& buffers_;
  stream below_;
  carrier& under_;       // below_'s, also when that has been closed
  const handle handle_;  // the same
  wire wire_;
  ssl_ptr ssl_;  // after the wire, which its BIO borrows
  std::shared_ptr<ticket_taker> tickets_;
  std::shared_ptr<const void> kept_;

  // What the stream waits for.
  op* shaker_ = nullptr;
  op* receiver_ = nullptr;
  op* sender_ = nullptr;
  op* received_ = nullptr;  // has been served, and its coroutine has not gone on yet
  const op* submitting_ = nullptr;
  runnable_queue done_;
  std::vector<lease> requeued_;  // the last is the first to be given

  // What goes on below.
  std::optional<raw> receiving_;
  std::optional<raw> sending_;
  std::vector<lease> leaving_;  // what sending_ sends
  std::vector<piece> pieces_;
  bool wants_input_ = false;
  bool heard_ = false;  // anything at all
  // The beginning of what was heard: a record's header, and the kind of the message in it.
  static constexpr std::size_t opening_max = SSL3_RT_HEADER_LENGTH + 1;
  std::string opening_;
  std::error_code receive_failed_;
  std::error_code send_failed_;

  // How far it is.
  bool established_ = false;
  bool peer_ended_ = false;
  bool broken_ = false;  // OpenSSL must not be called any more
  bool got_ticket_ = false;
  bool unanswered_ = false;  // something was sent since bytes came
  int key_updates_ = 0;      // since bytes came
  failure failure_;
  x509_ptr refused_;

  // The end.
  bool said_goodbye_ = false;
  bool half_closed_ = false;
  bool closing_ = false;
  bool quiet_ = false;   // nothing came or went for linger_silence before the close
  bool failed_ = false;  // what was sent may be cut short: a reset follows the last alert
  bool cut_ = false;
  time_point closed_at_{};
  owned_timer give_up_;
  owned_hook lingering_;
  owned_end end_;
};

/// Awaits the handshake of a stream that session::attach() gave. `with` is borrowed, for messages;
/// null: the address of the stream's other end.
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
