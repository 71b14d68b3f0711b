// SPDX-License-Identifier: MIT
#include "tls/connection.hpp"

#include "base/check.hpp"
#include "engine/pieces.hpp"
#include "tls/world.hpp"

#include <algorithm>
#include <cstring>
#include <new>

#include <openssl/err.h>

namespace bight::tls {

namespace {

constexpr std::size_t record_max = SSL3_RT_MAX_PLAIN_LENGTH;  // RFC 8446 §5.1
constexpr std::size_t chunk_max = 4 * record_max;             // encrypted per send
// Key updates allowed without any data between them. More is a denial-of-service attack.
constexpr int key_updates_max = 32;

}  // namespace

connection::connection(stream below, ssl_ptr ssl, loop& l, std::shared_ptr<ticket_taker> tickets,
                       std::shared_ptr<const void> kept)
    : stacked(std::move(below), l),
      buffers_(l.data<session_buffers>()),
      wire_(buffers_.cipher),
      ssl_(std::move(ssl)),
      tickets_(std::move(tickets)),
      kept_(std::move(kept)) {
  BIO* both = wire_.make_bio().release();
  SSL_set_bio(ssl_.get(), both, both);
  SSL_set_app_data(ssl_.get(), this);
  judge_by_the_world(*ssl_);
  give_up_.owner = lingering_.owner = end_.owner = this;
  give_up_.expired = [](timer& t) { static_cast<owned_timer&>(t).owner->look(); };
  lingering_.on_stop = [](stop_hook& h) { static_cast<owned_hook&>(h).owner->cut(false); };
  end_.run = [](runnable& r) { delete static_cast<owned_end&>(r).owner; };
}

connection::~connection() {
  lingering_.unlink();
  sched().disarm(give_up_);
  ERR_clear_error();
}

stream connection::attach(stream below, ssl_ptr ssl, loop& l, std::shared_ptr<ticket_taker> tickets,
                          std::shared_ptr<const void> kept) {
  check(static_cast<bool>(below), "TLS over a stream that is closed");
  auto* made =
      new connection(std::move(below), std::move(ssl), l, std::move(tickets), std::move(kept));
  return stream(*made, made->handle_);
}

connection* connection::of(const stream& s) noexcept {
  return s ? dynamic_cast<connection*>(s.carried_by()) : nullptr;
}

void connection::on_ticket(session_ptr ticket) {
  got_ticket_ = true;
  if (tickets_ != nullptr) tickets_->take_ticket(std::move(ticket));
}

// ── Progress ────────────────────────────────────────────────────────────────────────────────────

void connection::cancel_in(op*& slot) noexcept {
  stacked::cancel_in(slot);
  rest();
}

// 1. Advance each operation as far as the input allows. 2. Send the output. 3. Receive needed
// input. 4. Repeat while that completes immediately.
void connection::pump() noexcept {
  try {
    pump_all();
  } catch (const std::bad_alloc&) {
    run_out_of_memory();
  }
  rest();
}

void connection::pump_all() {
  bool more;
  do {
    wants_input_ = false;
    if (connector_ != nullptr) shake();
    if (sender_ != nullptr) encrypt();
    if (receiver_ != nullptr) decrypt();
    more = transmit();
    if (wants_input_ && receive()) more = true;
  } while (more);
}

void connection::shake() {
  if (broken_) return finish(connector_, make_error_code(errc::tls_failed));
  if (!established_) {
    const bool client = SSL_is_server(ssl_.get()) == 0;
    if (!heard_ && !wire_.incoming.empty()) {
      heard_ = true;
      const char first = wire_.incoming.view().front();
      // A server may reply with any record type; OpenSSL reports what is wrong with it.
      const bool may_answer =
          first >= SSL3_RT_CHANGE_CIPHER_SPEC && first <= SSL3_RT_APPLICATION_DATA;
      if (first != SSL3_RT_HANDSHAKE && !(client && may_answer)) {
        fail(not_spoken(wire_.incoming.view(), client));
        return finish(connector_, make_error_code(errc::tls_failed));
      }
    }
    ERR_clear_error();
    const int outcome = SSL_do_handshake(ssl_.get());
    if (outcome != 1) {
      if (why_stopped(outcome) == stopped::wants_input)
        wants_input_ = true;
      else
        finish(connector_, make_error_code(errc::tls_failed));
      return;
    }
    established_ = true;
  }
  // Complete only when all output is sent, so that no send is in flight without a waiter.
  if (wire_.outgoing.empty() && !sending_) finish(connector_);
}

// The next data to encrypt, at most one record. Small pieces are combined: each record costs 22
// bytes and one cipher pass.
std::span<const std::byte> connection::next_text(const op& o) {
  const auto* data = static_cast<const std::byte*>(o.pieces->data);
  if (o.piece_count == 1 || o.pieces->size >= record_max)
    return {data, std::min(o.pieces->size, record_max)};
  const std::span<std::byte> room = buffers_.plain.room(record_max, record_max);
  std::size_t used = 0;
  for (std::size_t i = 0; i < o.piece_count && used < record_max; ++i) {
    const std::size_t part = std::min(o.pieces[i].size, record_max - used);
    if (part > 0) std::memcpy(room.data() + used, o.pieces[i].data, part);
    used += part;
  }
  return {room.data(), used};
}

void connection::encrypt() {
  if (broken_) return finish(sender_, make_error_code(errc::tls_failed));
  if (send_failed_) return finish(sender_, send_failed_);
  if (close_notify_sent_ || !established_) return finish(sender_, make_error_code(errc::closed));
  if (!wire_.outgoing.empty() || sending_) return;  // send pending output first
  for (std::size_t made = 0; made < chunk_max;) {
    if (!more_pieces(*sender_)) {
      if (made == 0) finish(sender_);
      return;
    }
    const std::span<const std::byte> text = next_text(*sender_);
    std::size_t written = 0;
    ERR_clear_error();
    const int outcome = SSL_write_ex(ssl_.get(), text.data(), text.size(), &written);
    if (outcome != 1) {
      // A send may need input first: RFC 8446 §4.6 lets a peer send a request after the handshake.
      if (why_stopped(outcome) != stopped::wants_input)
        finish(sender_, make_error_code(errc::tls_failed));
      else if (receive_failed_)
        finish(sender_, receive_failed_);
      else
        wants_input_ = true;
      return;
    }
    unanswered_ = true;
    sender_->count += static_cast<std::int64_t>(written);
    static_cast<void>(advance(*sender_, written));
    made += written;
  }
}

void connection::decrypt() {
  op& o = *receiver_;
  if (give_requeued()) return;
  const bool lends = o.what == verb::recv;
  // Keeps the ciphertext's block alive until the room is filled. In TLS over TLS both layers share
  // the pool, and the block would be recycled when its last lease ends.
  const lease held = wire_.incoming;
  const std::size_t most = std::min<std::size_t>(o.size, buffer_pool::block_size);
  std::span<std::byte> room;
  if (lends)
    room = buffers_.plain.room(most, std::min(most, record_max));
  else
    room = {o.buffer, o.size};
  const std::size_t n = decrypt_into(room);
  if (n > 0) {
    o.count = static_cast<std::int64_t>(n);
    if (lends) *o.got = buffers_.plain.fill(n);
    return finish(receiver_);
  }
  if (broken_) return finish(receiver_, make_error_code(errc::tls_failed));
  if (peer_ended_) {
    o.ends_stream = true;
    return finish(receiver_);
  }
  if (receive_failed_) return finish(receiver_, receive_failed_);
  wants_input_ = true;
}

// Decrypts as much as is available and fits, so that a peer sending one-byte records does not cost
// a turn per byte. An end of stream or failure after some bytes is left for the next receive.
std::size_t connection::decrypt_into(std::span<std::byte> room) {
  std::size_t got = 0;
  while (got < room.size() && !broken_ && !peer_ended_) {
    std::size_t n = 0;
    ERR_clear_error();
    const int outcome = SSL_read_ex(ssl_.get(), room.data() + got, room.size() - got, &n);
    if (key_updates_ > key_updates_max)
      fail({make_error_code(errc::tls_failed),
            "the peer keeps changing its keys without sending data"});
    if (broken_ || outcome != 1) {
      if (!broken_ && why_stopped(outcome) == stopped::ended) peer_ended_ = true;
      break;
    }
    key_updates_ = 0;
    unanswered_ = false;
    got += n;
  }
  return got;
}

}  // namespace bight::tls
