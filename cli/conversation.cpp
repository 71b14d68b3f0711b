// SPDX-License-Identifier: MIT
#include "conversation.hpp"

#include "exit_codes.hpp"
#include "run_command.hpp"
#include "text.hpp"
#include "units.hpp"

#include <bight/deadline.hpp>
#include <bight/options.hpp>
#include <bight/scope.hpp>

#include <fmt/core.h>

namespace tool {

using namespace bight;

namespace {

constexpr duration forever = duration::max();
/// With -t. The kernel reports a socket as writable only when a third of its send buffer is free.
/// With a buffer of a megabyte, a slow peer would look inactive.
constexpr int timed_send_buffer = 65536;
/// A reply may arrive in pieces. It is complete when nothing arrives for this time.
constexpr duration reply_gap = 2ms;
/// After a failed send, how long to wait for data or an error that the peer has already sent.
constexpr duration peer_close_wait = 5s;
/// UDP has no end of stream: this time without a datagram ends the conversation.
constexpr duration datagram_wait = 1s;

// State shared by the sending and the receiving task.
struct conversation {
  message_source& source;
  output& out;
  const conversation_options& how;
  const console& log;
  event arrived;  // something was received and written, or the peer closed
  event ended;    // the peer closed
  // Whether received data is being written. Then the reader of our output is slow, not the peer.
  bool writing = false;
  duration wrote{};  // total time spent writing output
  bool open_line = false;
  std::uint64_t replies = 0;
};

task<> show(conversation& c, std::string_view reply) {
  std::string text = c.how.hex ? to_hex(reply) + "\n" : std::string(reply);
  if (!text.empty()) c.open_line = text.back() != '\n';
  const time_point since = co_await loop_now();
  c.writing = true;
  c.log.unpaint();
  co_await c.out.write(text);
  c.writing = false;
  const time_point now = co_await loop_now();
  c.wrote += now - since;
}

// Ends the line of a reply that has no newline.
task<> end_line(conversation& c) {
  if (!c.how.as_lines || !c.open_line) co_return;
  c.open_line = false;
  co_await c.out.write("\n");
}

std::string wire_bytes(const conversation& c, const std::string& message) {
  std::string text = framed(c.how.format, message);
  if (!c.how.crlf) return text;
  std::string twice;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) twice += '\r';
    twice += text[i];
  }
  return twice;
}

// Whether something was received within `limit`; c.arrived was reset before. Data that arrived in
// time and is still being written counts.
task<bool> received_within(conversation& c, duration limit) {
  if (limit == forever) {
    co_await c.arrived.wait();
    co_return true;
  }
  auto waited = co_await attempt(within(limit, c.arrived.wait()));
  if (waited) co_return true;
  if (!waited.error().is(errc::timed_out)) waited.value();
  if (!c.writing) co_return false;
  co_await c.arrived.wait();
  co_return true;
}

failure too_slow(const conversation& c) {
  return {exit_code::timed_out, fmt::format("nothing received for {} (use -t to wait longer)",
                                            shown_duration(*c.how.timeout))};
}

failure closed_early(std::uint64_t sent) {
  if (sent == 0) return {exit_code::cut_short, "the peer closed before the first message was sent"};
  return {exit_code::cut_short,
          fmt::format("the peer closed after message {}; the rest was not sent", sent)};
}

// Waits for a complete reply, or until the peer closes.
task<> await_reply(conversation& c) {
  if (c.how.timeout) {
    const bool came = co_await received_within(c, *c.how.timeout);
    if (!came) throw too_slow(c);
  } else {
    co_await c.arrived.wait();
  }
  while (!c.ended.is_set()) {
    c.arrived.reset();
    const bool more = co_await received_within(c, reply_gap);
    if (!more) break;
  }
}

// Returns when the peer has been silent for the timeout, or has closed.
task<> wait_for_silence(conversation& c) {
  bool came = true;
  while (came && !c.ended.is_set()) {
    c.arrived.reset();
    came = co_await received_within(c, *c.how.timeout);
  }
}

// The next message; none at the end of the input, or if the peer closes meanwhile.
task<std::optional<std::string>> next_message(conversation& c) {
  std::optional<std::string> message;
  if (c.how.timeout) {
    auto first = co_await race(c.source.next(), wait_for_silence(c));
    if (first.index() == 0) message = std::get<0>(std::move(first));
    if (first.index() == 1 && !c.ended.is_set()) throw too_slow(c);
  } else {
    auto first = co_await race(c.source.next(), c.ended.wait());
    if (first.index() == 0) message = std::get<0>(std::move(first));
  }
  co_return message;
}

// Reads until the peer closes, for at most --wait. Time that our output is blocked does not count.
task<> read_until_end(conversation& c) {
  const time_point since = co_await loop_now();
  const duration wrote = c.wrote;
  while (!c.ended.is_set()) {
    c.arrived.reset();
    const time_point now = co_await loop_now();
    const duration left = c.how.wait ? *c.how.wait - (now - since - (c.wrote - wrote)) : forever;
    const duration patience = c.how.timeout.value_or(forever);
    const bool came = co_await received_within(c, std::clamp(left, 0ns, patience));
    if (came) continue;
    if (left <= patience) co_return;
    throw too_slow(c);
  }
}

// Sends `bytes`. Fails only if nothing was sent, received or written for the whole timeout.
task<> send_in_time(conversation& c, stream& peer, std::string_view bytes) {
  for (;;) {
    const std::uint64_t replies = c.replies;
    auto sent = co_await attempt(within(*c.how.timeout, peer.send(bytes)));
    if (sent) co_return;
    const error& e = sent.error();
    const bool late = e.is(errc::timed_out) && !e.is(errc::connection_timed_out);
    const bool idle = e.transferred() == 0 && c.replies == replies && !c.writing;
    if (!late) throw error(e);
    if (idle)
      throw failure(exit_code::timed_out,
                    fmt::format("the peer accepted no data for {} (use -t to wait longer)",
                                shown_duration(*c.how.timeout)));
    bytes.remove_prefix(e.transferred());
  }
}

// False if the peer accepts no more data. The receiver decides what is reported: it fails after a
// reset, and a normal close is not an error.
task<bool> deliver(conversation& c, stream& peer, const std::string& bytes) {
  result<void> sent;
  if (c.how.timeout)
    sent = co_await attempt(send_in_time(c, peer, bytes));
  else
    sent = co_await attempt(peer.send(bytes));
  if (sent) co_return true;
  if (!sent.error().is(errc::closed) && !sent.error().is(errc::reset)) sent.value();
  while (!c.ended.is_set()) {
    c.arrived.reset();
    const bool came = co_await received_within(c, peer_close_wait);
    if (!came) sent.value();
  }
  co_return false;
}

// Like deliver(), ignores a connection that the peer has closed.
void close_sending_side(stream& peer) {
  try {
    peer.shutdown_send();
  } catch (const error& e) {
    if (!e.is(errc::closed)) throw;
  }
}

task<> run_sender(conversation& c, stream& peer, scope& both) {
  // 1. A greeting is not a reply: wait for it first.
  if (c.how.greeting > 0ms) {
    const bool greeted = co_await received_within(c, c.how.greeting);
    if (greeted) co_await await_reply(c);
    co_await end_line(c);
  }
  // 2. Send the messages. Each waits for the reply to the previous one; a byte stream does not
  // wait.
  std::uint64_t sent = 0;
  for (;;) {
    if (c.ended.is_set() && c.source.is_fixed() && !c.source.is_over()) throw closed_early(sent);
    std::optional<std::string> message = co_await next_message(c);
    if (!message) break;
    c.arrived.reset();
    const std::string bytes = wire_bytes(c, *message);
    const bool taken = co_await deliver(c, peer, bytes);
    if (!taken && c.source.is_fixed()) throw closed_early(sent);
    if (!taken) co_return;
    ++sent;
    if (!c.source.has_messages() || c.source.is_over()) continue;
    co_await await_reply(c);
    co_await end_line(c);
  }
  if (c.ended.is_set()) co_return;
  // 3. Close the sending side; replies may still arrive.
  close_sending_side(peer);
  co_await read_until_end(c);
  both.stop();
}

task<> run_receiver(conversation& c, stream& peer) {
  reply_reader replies(peer, c.how.format);
  for (;;) {
    const std::string reply = co_await replies.next();
    if (reply.empty()) break;
    co_await show(c, reply);
    ++c.replies;
    c.arrived.set();
  }
  c.ended.set();
  c.arrived.set();
}

// Sends and receives concurrently. If nothing read while we send, both sides could block.
struct both_ways {
  conversation* c;
  stream* peer;
  BIGHT_CORO_WRAPPER task<> operator()(scope& s) const {
    s.spawn(run_receiver(*c, *peer));
    return run_sender(*c, *peer, s);
  }
};

task<> run_receiver(conversation& c, udp::socket& peer, const console& log) {
  for (;;) {
    const auto datagram = co_await peer.recv(65536);
    if (datagram.truncated) log.warn("a datagram was truncated to 65536 bytes");
    co_await show(c, datagram.data);
    if (c.how.as_lines || c.how.hex) co_await end_line(c);
    ++c.replies;
    c.arrived.set();
  }
}

task<> run_sender(conversation& c, udp::socket& peer, scope& both) {
  const duration wait = c.how.wait.value_or(datagram_wait);
  for (;;) {
    std::optional<std::string> message = co_await next_message(c);
    if (!message) break;
    c.arrived.reset();
    const std::string bytes = wire_bytes(c, *message);
    co_await peer.send(bytes);
    if (!c.source.has_messages() || c.source.is_over()) continue;
    // A reply may be lost; do not wait for it forever.
    const bool came = co_await received_within(c, c.how.timeout.value_or(wait));
    if (!came && c.how.timeout) throw too_slow(c);
  }
  if (c.how.timeout && c.replies == 0) {
    const bool came = co_await received_within(c, *c.how.timeout);
    if (!came) throw too_slow(c);
  }
  for (;;) {
    c.arrived.reset();
    const bool more = co_await received_within(c, wait);
    if (!more) break;
  }
  both.stop();
}

struct both_ways_in_datagrams {
  conversation* c;
  udp::socket* peer;
  const console* log;
  BIGHT_CORO_WRAPPER task<> operator()(scope& s) const {
    s.spawn(run_receiver(*c, *peer, *log));
    return run_sender(*c, *peer, s);
  }
};

}  // namespace

task<> converse(stream& peer, message_source& source, output& out, const conversation_options& how,
                const console& log) {
  if (how.timeout) peer.set(options::send_buffer, timed_send_buffer);
  conversation c{source, out, how, log, {}, {}};
  both_ways body{&c, &peer};
  co_await in_scope(body);
  co_await end_line(c);
  log.event("done", {{"replies", static_cast<std::int64_t>(c.replies)},
                     {"received", static_cast<std::int64_t>(out.written())}});
}

task<> converse(udp::socket& peer, message_source& source, output& out,
                const conversation_options& how, const console& log, std::uint64_t& received) {
  conversation c{source, out, how, log, {}, {}};
  both_ways_in_datagrams body{&c, &peer, &log};
  auto outcome = co_await attempt(in_scope(body));
  received = c.replies;
  outcome.value();
  log.event("done", {{"replies", static_cast<std::int64_t>(c.replies)},
                     {"received", static_cast<std::int64_t>(out.written())}});
}

}  // namespace tool
