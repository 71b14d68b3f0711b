// SPDX-License-Identifier: MIT
#include "handlers.hpp"

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

/// The tutorial's server in tests/seed reads this many bytes at a time, and so does greet.
constexpr std::size_t greet_max = 1024;
/// After the last byte was sent, how long to read what the client still sends. Closing with unread
/// data would reset the connection, and the client could lose our last bytes (RFC 1122 §4.2.2.13).
constexpr duration linger = 2s;

// One connection.
struct session {
  session(stream& p, const handler_settings& s) : peer(p), shared(s), who(peer.remote()) {
    // A unix client has no useful address; show the server's.
    if (who.kind() == bight::address_kind::none || who.is_unix()) who = peer.local();
    log_line(fmt::format("Accept new connection from {}...", who.str()));
    if (const auto agreed = tls::info(peer)) {
      proto = protocol::tls;
      shared.log->detail(fmt::format("{}, {}{}{}", agreed->protocol, agreed->cipher,
                                     agreed->peer.empty() ? "" : ", certificate of ",
                                     shown(agreed->peer)));
    }
    shared.log->event("accepted", {{"proto", name_of(proto, who)}, {"peer", who.str()}});
  }
  ~session() {
    if (shared.finished != nullptr) shared.finished->set();
  }
  session(const session&) = delete;
  session& operator=(const session&) = delete;

  void close() {
    // A server of files may leave input unread. The connection then ends with this session, in the
    // background, so that the client gets the whole answer.
    if (shared.kind != handler_kind::files) peer.close();
    log_line(fmt::format("Connection from {} closed.", who.str()));
    shared.log->event("closed", {{"proto", name_of(proto, who)},
                                 {"peer", who.str()},
                                 {"received", received},
                                 {"sent", sent}});
  }

  // serve files prints a line per request; connections are printed only with -v.
  void log_line(std::string_view line) const {
    if (shared.kind == handler_kind::files)
      shared.log->detail(line);
    else
      shared.log->note(line);
  }

  // Reset: a truncated reply must not look complete.
  void fail(const error& e) {
    peer.abort();
    report_failure(shared, who, e);
  }

  stream& peer;  // owned by the coroutine, in whose frame it lives
  const handler_settings& shared;
  address who;
  protocol proto = protocol::tcp;
  std::int64_t received = 0;
  std::int64_t sent = 0;
};

task<lease> receive(session& s, std::size_t max) {
  lease said = co_await s.peer.recv(max);
  s.received += static_cast<std::int64_t>(said.size());
  if (s.shared.delay > 0ns) co_await sleep(s.shared.delay);
  co_return said;
}

template <class... P>
task<> reply(session& s, const P&... parts) {
  co_await s.peer.send(parts...);
  s.sent += static_cast<std::int64_t>((std::string_view(parts).size() + ...));
}

// The TCP server of the tutorial in tests/seed.
task<> greet(session& s) {
  co_await reply(s, std::string_view("Welcome"));
  for (;;) {
    const lease said = co_await receive(s, greet_max);
    if (!said || said == "exit") co_return;
    co_await reply(s, std::string_view("Hello, "), said.view());
  }
}

task<> echo(session& s) {
  for (;;) {
    const lease said = co_await receive(s, 65536);
    if (!said) co_return;
    co_await reply(s, said.view());
  }
}

task<> discard(session& s) {
  for (;;) {
    const lease said = co_await receive(s, 65536);
    if (!said) co_return;
  }
}

task<> discard_rest(session& s) {
  for (;;) {
    const lease said = co_await s.peer.recv();
    if (!said) co_return;
    s.received += static_cast<std::int64_t>(said.size());
  }
}

task<> finish_sending(session& s) {
  try {
    s.peer.shutdown_send();
  } catch (const error& e) {
    if (e.is(errc::closed)) co_return;  // the client has closed, and has its reply
    throw;
  }
  auto rest = co_await attempt(within(linger, discard_rest(s)));
  if (!rest && rest.error().is(errc::cancelled)) rest.value();
}

task<> text(session& s) {
  if (s.shared.delay > 0ns) co_await sleep(s.shared.delay);
  if (!s.shared.text.empty()) co_await reply(s, std::string_view(s.shared.text));
  co_await finish_sending(s);
}

BIGHT_CORO_WRAPPER task<> handle(session& s) {
  switch (s.shared.kind) {
    case handler_kind::greet: return greet(s);
    case handler_kind::echo: return echo(s);
    case handler_kind::discard: return discard(s);
    case handler_kind::text: return text(s);
    case handler_kind::files: return http::serve_connection(s.peer, s.shared.files, s.shared.web);
  }
  return discard(s);
}

task<> serve_stream(stream peer, const handler_settings& shared) {
  session s(peer, shared);
  auto outcome = co_await attempt(handle(s));
  if (outcome)
    s.close();
  else if (outcome.error().is(errc::cancelled))
    throw error(outcome.error());  // inactivity timeout or the end of a drain: serve() reports it
  else
    s.fail(outcome.error());
}

// Two greet servers would greet each other with ever longer datagrams.
bool is_greeting(std::string_view said) {
  return said.starts_with("Hello, ") && said.ends_with('!');
}

bool may_answer(const udp::request& request, const handler_settings& shared) {
  if (shared.kind == handler_kind::greet && is_greeting(request.data().view())) return false;
  return shared.loops->may_answer(request.from(), request.data().view());
}

task<> serve_datagram(udp::request request, const handler_settings& shared) {
  const lease& said = request.data();
  shared.log->note(fmt::format("Received from {}.", request.from().str()));
  shared.log->event("received", {{"proto", std::string("udp")},
                                 {"peer", request.from().str()},
                                 {"bytes", static_cast<std::int64_t>(said.size())}});
  if (shared.kind != handler_kind::discard && !may_answer(request, shared)) {
    shared.log->note(
        fmt::format("Not answered: {} looks like another server, and replies could loop.",
                    request.from().str()));
    co_return;
  }
  if (shared.delay > 0ns) co_await sleep(shared.delay);
  switch (shared.kind) {
    case handler_kind::greet: co_await request.reply("Hello, ", said, "!"); break;
    case handler_kind::echo: co_await request.reply(said); break;
    case handler_kind::text: co_await request.reply(shared.text); break;
    case handler_kind::discard:
    case handler_kind::files: break;  // not available with UDP
  }
  if (shared.finished != nullptr) shared.finished->set();
}

// One clock for all threads; each loop has its own.
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
  return handler_kind::greet;  // the flag accepts nothing else
}

task<> stream_handler::operator()(stream peer) const {
  return serve_stream(std::move(peer), *shared);
}

task<> datagram_handler::operator()(udp::request request) const {
  return serve_datagram(std::move(request), *shared);
}

void report_failures(const console& log, const address& peer, const error& e, std::uint64_t more,
                     duration in) {
  const bool known = peer.kind() != bight::address_kind::none;
  const std::string who = known ? peer.str() : "an unknown client";
  if (more == 0)
    log.note(fmt::format("Connection from {} failed: {}", who, shown(e.what())));
  else
    log.note(fmt::format("{} more failed in {}, the last from {}: {}", more, shown_duration(in),
                         who, shown(e.what())));
}

void report_failure(const handler_settings& shared, const address& peer, const error& e) {
  const console& log = *shared.log;
  const bool known = peer.kind() != bight::address_kind::none;
  log.event("failed", {{"peer", known ? peer.str() : ""}, {"message", std::string(e.what())}});
  if (is_reset_by_peer(e))
    log.detail(fmt::format("{}: {}", known ? peer.str() : "a client", shown(e.what())));
  else
    static_cast<void>(shared.failures->add(peer, e, steady_now()));
}

}  // namespace tool
