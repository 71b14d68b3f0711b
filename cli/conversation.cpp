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
/// With -t. The kernel tells of room only when a third of the buffer is free, and a megabyte would
/// hide that a slow peer takes something.
constexpr int timed_send_buffer = 65536;
/// A reply may come in pieces. After its first one, so much silence ends it.
constexpr duration reply_gap = 2ms;
/// A peer that takes no more has said what it had to say. It is here by then, or on its way.
constexpr duration last_words = 5s;
/// Rule of UDP, where nobody says that it is the end.
constexpr duration datagram_wait = 1s;

// What the two halves of a conversation tell each other.
struct exchange {
  message_source& source;
  output& out;
  const manner& how;
  const console& voice;
  event heard;  // something has come and is written, or the end
  event ended;  // the peer's end
  // Whether something that has come is not written yet. Our reader is slow then, not the peer.
  bool writing = false;
  duration wrote{};  // how long our reader has held us up
  bool open_line = false;
  std::uint64_t replies = 0;
};

task<> show(exchange& x, std::string_view reply) {
  std::string text = x.how.hex ? to_hex(reply) + "\n" : std::string(reply);
  if (!text.empty()) x.open_line = text.back() != '\n';
  const time_point since = co_await loop_now();
  x.writing = true;
  x.voice.unpaint();
  co_await x.out.write(text);
  x.writing = false;
  const time_point now = co_await loop_now();
  x.wrote += now - since;
}

// Between two replies, when they are shown as lines.
task<> end_line(exchange& x) {
  if (!x.how.as_lines || !x.open_line) co_return;
  x.open_line = false;
  co_await x.out.write("\n");
}

std::string on_the_wire(const exchange& x, const std::string& message) {
  std::string text = framed(x.how.framing, message);
  if (!x.how.crlf) return text;
  std::string twice;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) twice += '\r';
    twice += text[i];
  }
  return twice;
}

// Whether something came within `limit`; x.heard was reset before. What has come in time and is
// still being written counts.
task<bool> hears(exchange& x, duration limit) {
  if (limit == forever) {
    co_await x.heard.wait();
    co_return true;
  }
  auto waited = co_await attempt(within(limit, x.heard.wait()));
  if (waited) co_return true;
  if (!waited.error().is(errc::timed_out)) waited.value();
  if (!x.writing) co_return false;
  co_await x.heard.wait();
  co_return true;
}

failure too_slow(const exchange& x) {
  return {exit_code::timed_out, fmt::format("nothing received for {} (use -t to wait longer)",
                                            shown_duration(*x.how.timeout))};
}

failure left_early(std::uint64_t sent) {
  if (sent == 0) return {exit_code::cut_short, "the peer closed before the first message was sent"};
  return {exit_code::cut_short,
          fmt::format("the peer closed after message {}; the rest was not sent", sent)};
}

// Waits for a reply, all of its pieces, or the peer's end.
task<> await_reply(exchange& x) {
  if (x.how.timeout) {
    const bool came = co_await hears(x, *x.how.timeout);
    if (!came) throw too_slow(x);
  } else {
    co_await x.heard.wait();
  }
  while (!x.ended.is_set()) {
    x.heard.reset();
    const bool more = co_await hears(x, reply_gap);
    if (!more) break;
  }
}

// Ends when the peer has been silent for too long, or has ended.
task<> silence(exchange& x) {
  bool came = true;
  while (came && !x.ended.is_set()) {
    x.heard.reset();
    came = co_await hears(x, *x.how.timeout);
  }
}

// The next message; none at the end of the input, or when the peer has ended meanwhile.
task<std::optional<std::string>> next_message(exchange& x) {
  std::optional<std::string> message;
  if (x.how.timeout) {
    auto either = any(x.source.next(), silence(x));
    auto first = co_await std::move(either);
    if (first.index() == 0) message = std::get<0>(std::move(first));
    if (first.index() == 1 && !x.ended.is_set()) throw too_slow(x);
  } else {
    auto either = any(x.source.next(), x.ended.wait());
    auto first = co_await std::move(either);
    if (first.index() == 0) message = std::get<0>(std::move(first));
  }
  co_return message;
}

// Reads until the peer's end, and no longer than --wait allows: that is time for the peer, and our
// own reader's does not count.
task<> read_on(exchange& x) {
  const time_point since = co_await loop_now();
  const duration wrote = x.wrote;
  while (!x.ended.is_set()) {
    x.heard.reset();
    const time_point now = co_await loop_now();
    const duration left = x.how.wait ? *x.how.wait - (now - since - (x.wrote - wrote)) : forever;
    const duration patience = x.how.timeout.value_or(forever);
    const bool came = co_await hears(x, std::clamp(left, 0ns, patience));
    if (came) continue;
    if (left <= patience) co_return;
    throw too_slow(x);
  }
}

// Sends `bytes`. A peer may take its time as long as something happens, there or here.
task<> send_in_time(exchange& x, stream& peer, std::string_view bytes) {
  for (;;) {
    const std::uint64_t replies = x.replies;
    auto sent = co_await attempt(within(*x.how.timeout, peer.send(bytes)));
    if (sent) co_return;
    const error& e = sent.error();
    const bool late = e.is(errc::timed_out) && !e.is(errc::connection_timed_out);
    const bool idle = e.transferred() == 0 && x.replies == replies && !x.writing;
    if (!late) throw error(e);
    if (idle)
      throw failure(exit_code::timed_out,
                    fmt::format("the peer accepted no data for {} (use -t to wait longer)",
                                shown_duration(*x.how.timeout)));
    bytes.remove_prefix(e.transferred());
  }
}

// False when the peer takes no more. How it ended decides what is reported: listen() fails with a
// reset, and an end is no error.
task<bool> deliver(exchange& x, stream& peer, const std::string& bytes) {
  result<void> sent;
  if (x.how.timeout)
    sent = co_await attempt(send_in_time(x, peer, bytes));
  else
    sent = co_await attempt(peer.send(bytes));
  if (sent) co_return true;
  if (!sent.error().is(errc::closed) && !sent.error().is(errc::reset)) sent.value();
  while (!x.ended.is_set()) {
    x.heard.reset();
    const bool came = co_await hears(x, last_words);
    if (!came) sent.value();
  }
  co_return false;
}

// The same for our end, which does not wait.
void end_ours(stream& peer) {
  try {
    peer.shutdown_send();
  } catch (const error& e) {
    if (!e.is(errc::closed)) throw;
  }
}

task<> speak(exchange& x, stream& peer, scope& both) {
  // 1. A greeting is no reply: let it come first.
  if (x.how.greeting > 0ms) {
    const bool greeted = co_await hears(x, x.how.greeting);
    if (greeted) co_await await_reply(x);
    co_await end_line(x);
  }
  // 2. The messages. Each after the first waits for a reply; a stream of bytes waits for nothing.
  std::uint64_t sent = 0;
  for (;;) {
    if (x.ended.is_set() && x.source.is_fixed() && !x.source.is_over()) throw left_early(sent);
    std::optional<std::string> message = co_await next_message(x);
    if (!message) break;
    x.heard.reset();
    const std::string bytes = on_the_wire(x, *message);
    const bool taken = co_await deliver(x, peer, bytes);
    if (!taken && x.source.is_fixed()) throw left_early(sent);
    if (!taken) co_return;
    ++sent;
    if (!x.source.has_messages() || x.source.is_over()) continue;
    co_await await_reply(x);
    co_await end_line(x);
  }
  if (x.ended.is_set()) co_return;
  // 3. Our end; the peer's answers may still come.
  end_ours(peer);
  co_await read_on(x);
  both.stop();
}

task<> listen(exchange& x, stream& peer) {
  reply_reader replies(peer, x.how.framing);
  for (;;) {
    const std::string reply = co_await replies.next();
    if (reply.empty()) break;
    co_await show(x, reply);
    ++x.replies;
    x.heard.set();
  }
  x.ended.set();
  x.heard.set();
}

// Both halves side by side: a peer that answers while we still send must be read, or both block.
struct both_ways {
  exchange* x;
  stream* peer;
  BIGHT_CORO_WRAPPER task<> operator()(scope& s) const {
    s.spawn(listen(*x, *peer));
    return speak(*x, *peer, s);
  }
};

task<> listen(exchange& x, udp::socket& peer, const console& voice) {
  for (;;) {
    const auto datagram = co_await peer.recv(65536);
    if (datagram.truncated) voice.warn("a datagram was truncated to 65536 bytes");
    co_await show(x, datagram.data);
    if (x.how.as_lines || x.how.hex) co_await end_line(x);
    ++x.replies;
    x.heard.set();
  }
}

task<> speak(exchange& x, udp::socket& peer, scope& both) {
  const duration wait = x.how.wait.value_or(datagram_wait);
  for (;;) {
    std::optional<std::string> message = co_await next_message(x);
    if (!message) break;
    x.heard.reset();
    const std::string bytes = on_the_wire(x, *message);
    co_await peer.send(bytes);
    if (!x.source.has_messages() || x.source.is_over()) continue;
    // A reply may be lost; the next message does not wait for ever.
    const bool came = co_await hears(x, x.how.timeout.value_or(wait));
    if (!came && x.how.timeout) throw too_slow(x);
  }
  if (x.how.timeout && x.replies == 0) {
    const bool came = co_await hears(x, *x.how.timeout);
    if (!came) throw too_slow(x);
  }
  for (;;) {
    x.heard.reset();
    const bool more = co_await hears(x, wait);
    if (!more) break;
  }
  both.stop();
}

struct both_ways_in_datagrams {
  exchange* x;
  udp::socket* peer;
  const console* voice;
  BIGHT_CORO_WRAPPER task<> operator()(scope& s) const {
    s.spawn(listen(*x, *peer, *voice));
    return speak(*x, *peer, s);
  }
};

}  // namespace

task<> converse(stream& peer, message_source& source, output& out, const manner& how,
                const console& voice) {
  if (how.timeout) peer.set(options::send_buffer, timed_send_buffer);
  exchange x{source, out, how, voice, {}, {}};
  both_ways body{&x, &peer};
  co_await in_scope(body);
  co_await end_line(x);
  voice.event("done", {{"replies", static_cast<std::int64_t>(x.replies)},
                       {"received", static_cast<std::int64_t>(out.written())}});
}

task<> converse(udp::socket& peer, message_source& source, output& out, const manner& how,
                const console& voice, std::uint64_t& heard) {
  exchange x{source, out, how, voice, {}, {}};
  both_ways_in_datagrams body{&x, &peer, &voice};
  auto outcome = co_await attempt(in_scope(body));
  heard = x.replies;
  outcome.value();
  voice.event("done", {{"replies", static_cast<std::int64_t>(x.replies)},
                       {"received", static_cast<std::int64_t>(out.written())}});
}

}  // namespace tool
