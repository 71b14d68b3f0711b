// SPDX-License-Identifier: MIT
// The stream below a connection: at most one receive and one send in flight.
#include "tls/connection.hpp"

#include <new>

namespace bight::tls {

namespace {
constexpr std::uint32_t receive_max = 65536;
}

connection::raw::raw(verb v, connection& s, void (*done)(runnable&)) noexcept
    : op(v, &s.under_, s.handle_), owner(&s) {
  run = done;
  alone.make_head();
  link_later(alone);
}

bool connection::submit_below(raw& r) noexcept {
  try {
    return r.eng->submit(r);
  } catch (const std::bad_alloc&) {
    r.code = errc::no_resources;
    return true;
  }
}

// Starts a receive if no ciphertext is pending. Returns whether new input is already there.
bool connection::receive() {
  if (receiving_ || wire_.ended || receive_failed_ || cut_ || !wire_.incoming.empty()) return false;
  receiving_.emplace(verb::recv, *this, [](runnable& r) {
    static_cast<raw&>(r).leave_place();
    connection& self = *static_cast<raw&>(r).owner;
    self.take_received();
    self.on_raw_done();
  });
  receiving_->size = receive_max;
  receiving_->got = &receiving_->received;
  if (!submit_below(*receiving_)) return false;
  take_received();
  // False if the receive was cancelled: when the program is being killed, each operation completes
  // at once without data.
  return !wire_.incoming.empty() || wire_.ended || receive_failed_;
}

void connection::take_received() {
  const std::error_code code = receiving_->code;
  if (!code && receiving_->count > 0) {
    wire_.incoming = std::move(receiving_->received);
    if (opening_.size() < opening_max)
      opening_ += wire_.incoming.view().substr(0, opening_max - opening_.size());
  } else if (!code) {
    wire_.ended = true;
  } else if (code != errc::cancelled) {
    receive_failed_ = code;
  }
  receiving_.reset();
}

// Starts sending the ciphertext. Returns whether it was sent immediately.
bool connection::transmit() {
  if (sending_ || wire_.outgoing.empty() || cut_) return false;
  if (send_failed_) {
    wire_.outgoing.clear();
    return false;
  }
  leaving_.swap(wire_.outgoing);
  pieces_.assign(leaving_.begin(), leaving_.end());
  sending_.emplace(verb::send, *this, [](runnable& r) {
    connection& self = *static_cast<raw&>(r).owner;
    self.take_sent();
    self.on_raw_done();
  });
  sending_->pieces = pieces_.data();
  sending_->piece_count = static_cast<std::uint32_t>(pieces_.size());
  if (!submit_below(*sending_)) return false;
  take_sent();
  return true;
}

void connection::take_sent() {
  if (sending_->code) send_failed_ = sending_->code;
  sending_.reset();
  leaving_.clear();
  if (!close_notify_sent_ || half_closed_ || !wire_.outgoing.empty() || send_failed_) return;
  if (closing_ && !owes_a_read()) return;  // the close sends end of stream
  half_closed_ = true;
  static_cast<void>(under_.shutdown_send(handle_));  // an error means it is closed already
}

void connection::on_raw_done() {
  if (closing_) return part();
  pump();
  hand_over(true);
}

// Cancels a receive that no operation needs. The data then stays in the kernel, where it exerts
// backpressure on the peer.
void connection::rest() noexcept {
  if (receiving_ && connector_ == nullptr && receiver_ == nullptr && !(sender_ && wants_input_))
    receiving_->eng->cancel(*receiving_);
}

bool connection::can_send(handle h) const noexcept {
  if (closing_ || h != handle_ || !established_ || close_notify_sent_) return false;
  return !broken_ && !receive_failed_ && !send_failed_ && under_.can_send(h);
}

}  // namespace bight::tls
