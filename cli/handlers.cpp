// SPDX-License-Identifier: MIT
#include "handlers.hpp"

#include "file_server.hpp"
#include "target.hpp"
#include "text.hpp"
#include "units.hpp"

#include <bight/deadline.hpp>
#include <bight/tls.hpp>

#include <fmt/core.h>

#include <array>
#include <chrono>

namespace tool {

using namespace bight;

namespace {

/// The seed's server reads so many bytes at a time, so our greeter cuts messages where it does.
constexpr std::size_t greet_max = 1024;
/// After the last word a client that still sends is heard out for so long: closing with its bytes
/// unread would be a reset, and a reset can overtake that word (RFC 1122 §4.2.2.13).
constexpr duration linger = 2s;

// One client, from hello to goodbye.
struct session {
  session(stream& p, const handling& s) : peer(p), shared(s), who(peer.remote()) {
    // A unix client has no address of its own worth showing; the server's says where it came in.
    if (who.what() == address::kind::none || who.is_local()) who = peer.local();
    tell(fmt::format("Accept new connection from {}...", who.str()));
    if (const auto agreed = tls::about(peer)) {
      proto = protocol::tls;
      shared.voice->detail(fmt::format("{}, {}{}{}", agreed->protocol, agreed->cipher,
                                       agreed->peer.empty() ? "" : ", certificate of ",
                                       shown(agreed->peer)));
    }
    shared.voice->event("accepted", {{"proto", name_of(proto, who)}, {"peer", who.str()}});
  }
  ~session() {
    if (shared.finished != nullptr) shared.finished->set();
  }
  session(const session&) = delete;
  session& operator=(const session&) = delete;

  void close() {
    peer.close();
    tell(fmt::format("Connection from {} closed.", who.str()));
    shared.voice->event("closed", {{"proto", name_of(proto, who)},
                                   {"peer", who.str()},
                                   {"received", received},
                                   {"sent", sent}});
  }

  // A server of files has a line for each request; its connections are a detail.
  void tell(std::string_view line) const {
    if (shared.kind == handler_kind::files)
      shared.voice->detail(line);
    else
      shared.voice->note(line);
  }

  // An answer that was cut off must not look whole.
  void fail(const error& e) {
    peer.abort();
    tell_failure(shared, who, e);
  }

  stream& peer;  // the coroutine's own: it lives as long as the frame, and serve may ask it
  const handling& shared;
  address who;
  protocol proto = protocol::tcp;
  std::int64_t received = 0;
  std::int64_t sent = 0;
};

task<lease> hear(session& s, std::size_t max) {
  lease said = co_await s.peer.recv(max);
  s.received += static_cast<std::int64_t>(said.size());
  if (s.shared.delay > 0ns) co_await sleep(s.shared.delay);
  co_return said;
}

template <class... P>
task<> say(session& s, const P&... parts) {
  co_await s.peer.send(parts...);
  s.sent += static_cast<std::int64_t>((std::string_view(parts).size() + ...));
}

// The seed's TCP server.
task<> greet(session& s) {
  co_await say(s, std::string_view("Welcome"));
  for (;;) {
    const lease said = co_await hear(s, greet_max);
    if (!said || said == "exit") co_return;
    co_await say(s, std::string_view("Hello, "), said.view());
  }
}

task<> echo(session& s) {
  for (;;) {
    const lease said = co_await hear(s, 65536);
    if (!said) co_return;
    co_await say(s, said.view());
  }
}

task<> discard(session& s) {
  for (;;) {
    const lease said = co_await hear(s, 65536);
    if (!said) co_return;
  }
}

task<> hear_out(session& s) {
  for (;;) {
    const lease said = co_await s.peer.recv();
    if (!said) co_return;
    s.received += static_cast<std::int64_t>(said.size());
  }
}

task<> part(session& s) {
  try {
    s.peer.shutdown_send();
  } catch (const error& e) {
    if (e.is(errc::closed)) co_return;  // the client has gone, and has been answered
    throw;
  }
  auto rest = co_await attempt(within(linger, hear_out(s)));
  if (!rest && rest.error().is(errc::cancelled)) rest.value();
}

task<> text(session& s) {
  if (s.shared.delay > 0ns) co_await sleep(s.shared.delay);
  if (!s.shared.text.empty()) co_await say(s, std::string_view(s.shared.text));
  co_await part(s);
}

task<> files(session& s) {
  auto serving =
      serve_files(s.peer, *s.shared.files, *s.shared.pages, *s.shared.types, *s.shared.voice);
  if (co_await std::move(serving)) co_await part(s);
}

BIGHT_CORO_WRAPPER task<> handle(session& s) {
  switch (s.shared.kind) {
    case handler_kind::greet: return greet(s);
    case handler_kind::echo: return echo(s);
    case handler_kind::discard: return discard(s);
    case handler_kind::text: return text(s);
    case handler_kind::files: return files(s);
  }
  return discard(s);
}

task<> serve_stream(stream peer, const handling& shared) {
  session s(peer, shared);
  auto outcome = co_await attempt(handle(s));
  if (outcome)
    s.close();
  else if (outcome.error().is(errc::cancelled))
    throw error(outcome.error());  // idle for too long, or the end of a drain: serve tells
  else
    s.fail(outcome.error());
}

// A greeter's answer is no name: two greeters would greet each other until no datagram is large
// enough.
bool is_greeting(std::string_view said) {
  return said.starts_with("Hello, ") && said.ends_with('!');
}

bool may_answer(const udp::request& asked, const handling& shared) {
  if (shared.kind == handler_kind::greet && is_greeting(asked.data().view())) return false;
  return shared.loops->may_answer(asked.from(), asked.data().view());
}

task<> serve_datagram(udp::request asked, const handling& shared) {
  const lease& said = asked.data();
  shared.voice->note(fmt::format("Received from {}.", asked.from().str()));
  shared.voice->event("received", {{"proto", std::string("udp")},
                                   {"peer", asked.from().str()},
                                   {"bytes", static_cast<std::int64_t>(said.size())}});
  if (shared.kind != handler_kind::discard && !may_answer(asked, shared)) {
    shared.voice->note(fmt::format(
        "Not answered: {} looks like another server, and replies could loop.", asked.from().str()));
    co_return;
  }
  if (shared.delay > 0ns) co_await sleep(shared.delay);
  switch (shared.kind) {
    case handler_kind::greet: co_await asked.reply("Hello, ", said, "!"); break;
    case handler_kind::echo: co_await asked.reply(said); break;
    case handler_kind::text: co_await asked.reply(shared.text); break;
    case handler_kind::discard:
    case handler_kind::files: break;  // which UDP does not have
  }
  if (shared.finished != nullptr) shared.finished->set();
}

// The time of threads that share something; each loop has its own.
time_point steady_now() { return time_point(std::chrono::steady_clock::now().time_since_epoch()); }

constexpr std::array<handler_kind, 5> kinds{handler_kind::greet, handler_kind::echo,
                                            handler_kind::discard, handler_kind::text,
                                            handler_kind::files};

}  // namespace

const std::vector<std::string>& handler_names() {
  static const std::vector<std::string> names{"greet", "echo", "discard", "text", "files"};
  return names;
}

handler_kind parse_handler(std::string_view name) {
  for (std::size_t i = 0; i < kinds.size(); ++i)
    if (handler_names()[i] == name) return kinds[i];
  return handler_kind::greet;  // the grammar lets nothing else through
}

task<> stream_handler::operator()(stream peer) const {
  return serve_stream(std::move(peer), *shared);
}

task<> datagram_handler::operator()(udp::request asked) const {
  return serve_datagram(std::move(asked), *shared);
}

void tell_failures(const console& voice, const address& peer, const error& e, std::uint64_t more,
                   duration in) {
  const bool known = peer.what() != address::kind::none;
  const std::string who = known ? peer.str() : "an unknown client";
  if (more == 0)
    voice.note(fmt::format("Connection from {} failed: {}", who, shown(e.what())));
  else
    voice.note(fmt::format("{} more failed in {}, the last from {}: {}", more, shown_duration(in),
                           who, shown(e.what())));
}

void tell_failure(const handling& shared, const address& peer, const error& e) {
  const console& voice = *shared.voice;
  const bool known = peer.what() != address::kind::none;
  voice.event("failed", {{"peer", known ? peer.str() : ""}, {"message", std::string(e.what())}});
  if (is_reset_by_peer(e))
    voice.detail(fmt::format("{}: {}", known ? peer.str() : "a client", shown(e.what())));
  else
    static_cast<void>(shared.failures->add(peer, e, steady_now()));
}

}  // namespace tool
