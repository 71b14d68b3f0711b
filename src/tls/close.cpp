// SPDX-License-Identifier: MIT
// The end of a session: close_notify, and the time in which that and what is before it arrive.
#include "net/linger.hpp"
#include "tls/session.hpp"

#include <algorithm>
#include <new>

#include <openssl/err.h>

namespace bight::tls {

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

void session::close(handle h, ending how) noexcept {
  if (closing_ || h != handle_) return;
  drop(shaker_);
  drop(receiver_);
  drop(sender_);
  hand_over(false);
  closing_ = true;
  loop_.linger(lingering_);
  // Without its close_notify an answer that was cut off does not look whole. Where no answer can
  // be, the peer gets the alert that says what went wrong.
  const bool failed = how == ending::failed || under_.attended(handle_) == attention::cut;
  failed_ = failed && established_ && !said_goodbye_;
  if (how == ending::reset || (failed_ && !broken_)) return cut(true);
  closed_at_ = sched().now();
  quiet_ = !sending_ && wire_.outgoing.empty() && !under_.may_lose(handle_) &&
           later(under_.last_used(handle_), linger_silence) <= closed_at_;
  say_goodbye();
  try {
    sched().arm(give_up_, later(closed_at_, linger_silence));
  } catch (const std::bad_alloc&) {
    return cut(true);
  }
  part();
}

void session::drop(op*& slot) noexcept {
  if (slot != nullptr) finish(slot, make_error_code(errc::cancelled));
}

// A peer that takes nothing is waited for as long as one that says nothing.
void session::look() noexcept {
  const time_point moved = std::max(closed_at_, under_.last_used(handle_));
  const time_point due = std::min(later(moved, linger_silence), later(closed_at_, linger_time));
  if (due <= sched().now()) return cut(failed_);
  sched().arm(give_up_, due);
}

// Session tickets are for the next connection, and few clients read on until they come: a client
// of TLS 1.3 that has none yet waits for them.
bool session::owes_a_read() const noexcept {
  return established_ && !got_ticket_ && !broken_ && !peer_ended_ && !wire_.ended &&
         !receive_failed_ && SSL_is_server(ssl_.get()) == 0 &&
         SSL_version(ssl_.get()) == TLS1_3_VERSION;
}

// Whether the close could destroy what was sent (RFC 2525 §2.17). A server has said its last word
// just now. A client that was answered since then need not wait for its peer. A handshake that took
// too long has no last word: whoever says a byte at a time would otherwise stay for as long again.
bool session::must_linger() const noexcept {
  if (failed_ || wire_.ended || receive_failed_ || send_failed_) return false;
  if (!established_ && !broken_) return false;
  if (quiet_) return false;  // what it said has been read, and nothing is under way
  return SSL_is_server(ssl_.get()) == 1 || unanswered_;
}

void session::part() noexcept {
  try {
    part_now();
  } catch (const std::bad_alloc&) {
    cut(true);
  }
}

void session::part_now() {
  if (!cut_) {
    while (transmit()) {}
    if (sending_ || !wire_.outgoing.empty()) return;  // called again when that has left
    while (owes_a_read()) {
      const std::span<std::byte> nobodys = buffers_.plain.room(buffer_pool::block_size);
      while (decrypt_into(nobodys) > 0) {}
      if (owes_a_read() && !receive()) return;
    }
    if (!must_linger()) return cut(failed_);
    if (receiving_) return receiving_->eng->cancel(*receiving_);  // called again then
    cut_ = true;
    sched().disarm(give_up_);
    if (linger(under_, handle_))
      static_cast<void>(below_.release());
    else
      below_.close();
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
