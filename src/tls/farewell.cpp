// SPDX-License-Identifier: MIT
// The end of a session: close_notify, and a moment in which it leaves.
#include "tls/session.hpp"

#include <openssl/err.h>

namespace bight::tls {

namespace {
constexpr duration farewell_max = 1s;
}

std::error_code session::shutdown_send(handle h) {
  if (closing_ || h != handle_ || !established_ || broken_ || send_failed_)
    return make_error_code(errc::closed);
  if (said_goodbye_) return {};
  if (sender_ != nullptr) finish(sender_, make_error_code(errc::closed));
  say_goodbye();
  pump();
  hand_over(false);
  return {};
}

// RFC 8446 §6.1: each side ends its own direction.
void session::say_goodbye() noexcept {
  if (said_goodbye_ || broken_ || !established_) return;
  said_goodbye_ = true;
  ERR_clear_error();
  static_cast<void>(SSL_shutdown(ssl_.get()));  // 0: the peer has not said so itself yet
}

void session::close(handle h, bool reset) noexcept {
  if (closing_ || h != handle_) return;
  drop(shaker_);
  drop(receiver_);
  drop(sender_);
  hand_over(false);
  closing_ = true;
  loop_.linger(lingering_);
  if (reset) return cut(true);
  say_goodbye();
  sched().arm(give_up_, later(sched().now(), farewell_max));
  part();
}

void session::drop(op*& slot) noexcept {
  if (slot != nullptr) finish(slot, make_error_code(errc::cancelled));
}

// Whether to close now would throw away what we have just sent: a socket that is closed with bytes
// unread resets its connection (RFC 2525 §2.17), and a server of TLS 1.3 always has a few for us
// behind the handshake, its session tickets. So a client that has not read them yet waits for them.
bool session::owes_a_read() const noexcept {
  return established_ && !got_ticket_ && !broken_ && !peer_ended_ && !wire_.ended &&
         !receive_failed_ && SSL_is_server(ssl_.get()) == 0 &&
         SSL_version(ssl_.get()) == TLS1_3_VERSION;
}

void session::part() noexcept {
  if (!cut_) {
    while (transmit()) {}
    if (sending_ || !wire_.outgoing.empty()) return;  // called again when that has left
    while (owes_a_read()) {
      const std::span<std::byte> nobodys = buffers_.plain.room(buffer_pool::block_size);
      while (decrypt_into(nobodys) > 0) {}
      if (owes_a_read() && !receive()) return;
    }
    return cut(false);
  }
  if (!receiving_ && !sending_) sched().ready(end_);
}

// Closes the socket. What is in flight comes back, and then nothing is left to wait for.
void session::cut(bool reset) noexcept {
  if (!std::exchange(cut_, true)) {
    sched().disarm(give_up_);
    if (reset)
      below_.abort();
    else
      below_.close();
    part();
  }
}

}  // namespace bight::tls
