// SPDX-License-Identifier: MIT
#include <bight/deadline.hpp>

#include "http/exchange.hpp"
#include "http/fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace bight::http {

namespace {
/// What is sent within server_limits::send_time.
constexpr std::size_t slice_bytes = 65536;

error too_large(std::uint64_t most) {
  return http::fault(errc::over_limit,
                     fmt::format("the request's body is larger than {} bytes", most));
}
}  // namespace

const address& server_session::peer_address() {
  if (!peer) peer = wire.remote();
  if (peer->kind() == address_kind::none && wire) peer = wire.local();
  return *peer;
}

task<> exchange::state::read_head() {
  const time_point due = later(session.here.now(), session.how.limits.header_time);
  while (parser.next() != request_parser::step::head) {
    lease bytes = co_await within(due - session.here.now(), session.wire.recv());
    parser.feed(std::move(bytes));
  }
  since = session.here.now();
}

void exchange::state::fail(error e, int answer) {
  fault = std::move(e);
  fault_status = answer;
  throw error(*fault);
}

bool exchange::state::advance() {
  if (fault) throw error(*fault);
  request_parser::step step{};
  try {
    step = parser.next();
  } catch (const error& e) {
    const bool theirs = e.code() == errc::malformed || e.code() == errc::over_limit;
    fail(of_request(e), theirs ? 400 : 0);
  }
  if (step == request_parser::step::body) pending = parser.body();
  if (std::max(parser.header().length, parser.received()) > body_max)
    fail(too_large(body_max), 413);
  return step != request_parser::step::more;
}

// The first wait for the body tells the client to send it (RFC 9110 §10.1.1).
task<> exchange::state::allow_body() {
  if (now != phase::none)
    fail(error(bight::errc::closed, "", 0, "the client was answered without its body"), 0);
  continued_ = true;
  co_await transmit("HTTP/1.1 100 Continue\r\n\r\n");
}

task<> exchange::state::receive() {
  if (parser.header().expects_continue && !continued_ && parser.received() == 0)
    co_await allow_body();
  const duration patience = speed.patience();
  const time_point begun = session.here.now();
  auto bytes = co_await attempt(within(patience, session.wire.recv()));
  const duration took = session.here.now() - begun;
  speed.waited(took);
  if (bytes) {
    speed.received(bytes->size());
    parser.feed(*std::move(bytes));
  } else if (!bytes.error().is(bight::errc::timed_out) || took < patience) {
    if (bytes.error().is(bight::errc::cancelled) || bytes.error().is(bight::errc::timed_out))
      throw error(bytes.error());  // of a deadline of the handler: it may go on
    fail(bytes.error(), 0);
  }
  if (speed.too_slow())
    fail(http::fault(errc::too_slow, "the request's body comes too slowly"), 408);
}

task<bool> exchange::state::skip_body() {
  struct skipping {
    static task<> all(state& s) {
      const std::uint64_t had = s.parser.received();
      const std::uint64_t most = s.session.how.limits.unread_bytes;
      for (;;) {
        s.pending.reset();
        if (s.parser.received() - had > most) s.fail(too_large(most), 0);
        if (!s.advance()) co_await s.receive();
        if (!s.pending && s.parser.done()) co_return;
      }
    }
  };
  if (parser.done()) co_return true;
  if (fault) co_return false;
  body_max = std::numeric_limits<std::uint64_t>::max();
  const auto skipped =
      co_await attempt(within(session.how.limits.unread_time, skipping::all(*this)));
  if (!skipped && session.here.stop_requested()) throw error(skipped.error());
  co_return skipped.has_value();
}

bool exchange::state::keeps_connection() const noexcept {
  if (!may_keep || !parser.header().keep_alive || is_draining(session.here) || fault) return false;
  if (parser.done()) return true;
  // The client may or may not send a body that it was not told to send.
  if (parser.header().expects_continue && !continued_ && parser.received() == 0) return false;
  const std::uint64_t left =
      parser.header().length - std::min(parser.header().length, parser.received());
  return std::max<std::uint64_t>(left, 1) <= session.how.limits.unread_bytes;
}

std::string exchange::state::begin_answer(int of, std::optional<std::uint64_t> size,
                                          std::string_view type) {
  if (now != phase::none) throw error(bight::errc::invalid, "respond", 0, "an answer has begun");
  if (!type.empty()) check_field("Content-Type", type);
  now = phase::streaming;
  status = of;
  keeps = keeps_connection();
  if (status == 204 || status == 304) {
    framing = framing_of_answer::none;
  } else if (size || status == 205) {
    framing = framing_of_answer::length;
    length = status == 205 ? 0 : *size;
  } else if (parser.header().version == 11) {
    framing = framing_of_answer::chunked;
  } else {
    framing = framing_of_answer::close;
    keeps = keeps && parser.header().method == "HEAD";
  }
  return head_text(
      {status, framing, length, keeps, session.how.name, type, fields, session.how.fields});
}

task<> exchange::state::transmit(piece a, piece b, piece c, piece d) {
  if (broken) throw error(bight::errc::closed, "send", 0, "an earlier send was interrupted");
  piece parts[] = {a, b, c, d};
  for (;;) {
    piece slice[4];
    std::size_t count = 0;
    std::size_t room = slice_bytes;
    for (piece& part : parts) {
      const std::size_t size = std::min(room, part.size);
      if (size == 0) continue;
      const char* const from = static_cast<const char*>(part.data);
      slice[count++] = piece(std::string_view(from, size));
      part = piece(std::string_view(from + size, part.size - size));
      room -= size;
    }
    if (count == 0) co_return;
    // Until it is sent, another send would break the answer: also after a deadline of the handler.
    broken = true;
    auto parts_of_slice = std::span<piece>(slice, count);
    co_await within(session.how.limits.send_time, session.wire.send(parts_of_slice));
    broken = false;
  }
}

void exchange::state::count_sent(std::size_t bytes) {
  if (framing == framing_of_answer::length && bytes > length - sent)
    throw error(bight::errc::invalid, "send", sent,
                fmt::format("the answer is longer than the {} bytes that were announced", length));
  sent += bytes;
}

void exchange::state::log(refusal why, std::string_view reason) {
  const auto& on_answer = session.how.on_answer;
  if (!on_answer) return;
  const request_header& asked = parser.header();
  const duration took = since == time_point() ? duration() : session.here.now() - since;
  access line{session.peer_address(), asked.method, asked.target};
  line.status = status;
  line.complete = now == phase::done && !broken;
  line.received = parser.received();
  line.sent = sends_body() ? sent : 0;
  line.took = took;
  line.refused = why;
  line.reason = reason.empty() && fault ? fault->what() : reason;
  on_answer(line);
}

}  // namespace bight::http
