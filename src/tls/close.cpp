// SPDX-License-Identifier: MIT
// The end of a connection: sends close_notify, and gives it and the data before it time to arrive.
#include "net/linger.hpp"
#include "tls/connection.hpp"

#include <algorithm>
#include <new>

#include <openssl/err.h>

namespace bight::tls {

std::error_code connection::shutdown_send(handle h) {
  if (closing_ || h != handle_ || !established_ || broken_ || send_failed_)
    return make_error_code(errc::closed);
  if (close_notify_sent_) return {};
  if (sender_ != nullptr) finish(sender_, make_error_code(errc::closed));
  send_close_notify();
  pump();
  hand_over(false);
  return {};
}

// RFC 8446 §6.1: each side closes only its own direction.
void connection::send_close_notify() noexcept {
  if (close_notify_sent_ || broken_ || !established_) return;
  close_notify_sent_ = true;
  ERR_clear_error();
  static_cast<void>(SSL_shutdown(ssl_.get()));  // 0: the peer has not sent close_notify yet
}

void connection::close(handle h, ending how) noexcept {
  if (closing_ || h != handle_) return;
  drop(connector_);
  drop(receiver_);
  drop(sender_);
  hand_over(false);
  closing_ = true;
  loop_.linger(lingering_);
  // After a failure, close without close_notify, so that a truncated response does not look
  // complete. Before the handshake is done there is no response; the peer gets the alert that
  // explains the failure. If TLS itself failed, the alert is sent first too.
  const bool failed = how == ending::failed || under_.attended(handle_) == attention::cut;
  failed_ = failed && established_ && !close_notify_sent_;
  if (how == ending::reset || (failed_ && !broken_)) return cut(true);
  closed_at_ = sched().now();
  quiet_ = !sending_ && wire_.outgoing.empty() && !under_.may_lose(handle_) &&
           later(under_.last_used(handle_), linger_silence) <= closed_at_;
  send_close_notify();
  try {
    sched().arm(give_up_, later(closed_at_, linger_silence));
  } catch (const std::bad_alloc&) {
    return cut(true);
  }
  part();
}

// A peer that reads nothing gets as long as one that sends nothing.
void connection::look() noexcept {
  const time_point moved = std::max(closed_at_, under_.last_used(handle_));
  const time_point due = std::min(later(moved, linger_silence), later(closed_at_, linger_time));
  if (due <= sched().now()) return cut(failed_);
  sched().arm(give_up_, due);
}

// Session tickets serve the next connection, but few clients read long enough to receive them. So a
// closing TLS 1.3 client without a session ticket waits for one.
bool connection::owes_a_read() const noexcept {
  return established_ && !got_ticket_ && !broken_ && !peer_ended_ && !wire_.ended &&
         !receive_failed_ && SSL_is_server(ssl_.get()) == 0 &&
         SSL_version(ssl_.get()) == TLS1_3_VERSION;
}

// Whether the close could destroy sent data (RFC 2525 §2.17). A server has just sent its
// close_notify. A client that received data since its last send need not wait. A handshake that
// timed out does not linger: a peer that sends one byte at a time would otherwise stay twice as
// long.
bool connection::must_linger() const noexcept {
  if (failed_ || wire_.ended || receive_failed_ || send_failed_) return false;
  if (!established_ && !broken_) return false;
  if (quiet_) return false;  // all input has been read, and nothing is in flight
  return SSL_is_server(ssl_.get()) == 1 || unanswered_;
}

void connection::part() noexcept {
  try {
    part_now();
  } catch (const std::bad_alloc&) {
    cut(true);
  }
}

void connection::part_now() {
  if (!cut_) {
    while (transmit()) {}
    if (sending_ || !wire_.outgoing.empty()) return;  // called again when the send completes
    while (owes_a_read()) {
      const std::span<std::byte> nobodys = buffers_.plain.room(buffer_pool::block_size);
      while (decrypt_into(nobodys) > 0) {}
      if (owes_a_read() && !receive()) return;
    }
    if (!must_linger()) return cut(failed_);
    if (receiving_) return receiving_->eng->cancel(*receiving_);  // called again when it completes
    cut_ = true;
    sched().disarm(give_up_);
    if (linger(under_, handle_))
      static_cast<void>(below_.release());
    else
      below_.close();
  }
  if (!receiving_ && !sending_) sched().ready(end_);
}

// Closes the socket. Operations in flight then complete, and the connection can end.
void connection::cut(bool reset) noexcept {
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
