// SPDX-License-Identifier: MIT
#include <bight/deadline.hpp>
#include <bight/http_server.hpp>

#include "http/exchange.hpp"
#include "http/fields.hpp"
#include "net/drain.hpp"

#include <memory>
#include <utility>

namespace bight::http {

namespace {

/// How long a connection is kept after a failed handler was answered: see end_gracefully().
constexpr duration end_time_max = 2s;

// A deadline of ours, not the kernel's.
bool is_late(const error& e) {
  return e.is(bight::errc::timed_out) && !e.is(bight::errc::connection_timed_out);
}

task<> discard_to_end(stream& wire) {
  while (auto bytes = co_await wire.recv()) continue;
}

// Ends the connection so that the client gets the answer, although the session then fails and is
// reset: the error is reported like that of any session.
task<> end_gracefully(stream& wire) {
  try {
    wire.shutdown_send();
  } catch (const error&) {
    co_return;  // the client is gone
  }
  static_cast<void>(co_await attempt(within(end_time_max, discard_to_end(wire))));
}

// Answers a request whose header is invalid or late. A client that goes away between two requests
// is no error. Many TLS clients close without close_notify.
task<> refuse(exchange::state& s, const error& e) {
  const bool invalid = e.code() == errc::malformed || e.code() == errc::over_limit;
  if (!invalid && !s.parser.begun() &&
      (e.is(bight::errc::cut_short) || e.is(bight::errc::tls_truncated) || is_late(e)))
    co_return;
  if (!invalid && (!is_late(e) || s.session.here.stop_requested())) throw error(e);
  refusal why = refusal::malformed;
  if (!invalid) why = refusal::too_slow;
  if (e.code() == errc::over_limit) why = refusal::too_large;
  if (s.parser.begins_with_tls()) why = refusal::tls;
  s.may_keep = false;
  exchange x(s);
  // The reason is for the log. A client that guesses learns nothing.
  std::string_view text = "malformed or unsupported request\n";
  if (why == refusal::too_large) text = "the header of the request is too large\n";
  if (why == refusal::too_slow) text = "the header of the request came too slowly\n";
  const auto sent = co_await attempt(x.respond(invalid ? 400 : 408, text, "text/plain"));
  const error reason = of_request(e);
  s.log(why, reason.what());
  sent.value();
}

// After the handler has failed: answers if no answer has begun, and otherwise rethrows, so that the
// connection is reset. A fault of the request's body is the client's and not reported.
task<> recover(exchange::state& s, std::exception_ptr failure) {
  const bool lost = s.broken || s.session.here.stop_requested() || (s.fault && s.fault_status == 0);
  if (lost || s.now == exchange::state::phase::streaming) {
    s.log();
    std::rethrow_exception(failure);
  }
  const bool theirs = s.fault && s.now == exchange::state::phase::none;
  if (s.now == exchange::state::phase::none) {
    s.fields.clear();
    s.may_keep = false;
    exchange x(s);
    const std::string text = theirs ? s.fault->what() + std::string("\n") : "internal error\n";
    const auto sent =
        co_await attempt(x.respond(theirs ? s.fault_status : 500, text, "text/plain"));
    if (!sent) std::rethrow_exception(failure);
  }
  s.log();
  if (theirs || s.only_head) co_return;
  co_await end_gracefully(s.session.wire);
  std::rethrow_exception(failure);
}

// Answers one request, which begins with `rest`; then `rest` has what follows it. Returns whether
// the connection is kept.
task<bool> answer_one(server_session& session, lease& rest, bool last) {
  exchange::state s(session, last);
  s.parser.feed(std::move(rest));
  const auto header = co_await attempt(s.read_head());
  if (!header) {
    co_await refuse(s, header.error());
    co_return false;
  }
  exchange x(s);
  std::exception_ptr failure;
  try {
    co_await session.handle(x);
    co_await x.end();
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) {
    co_await recover(s, std::move(failure));
    co_return false;
  }
  s.log();
  if (!s.keeps || !co_await s.skip_body()) co_return false;
  rest = s.parser.rest();
  co_return true;
}

// The first bytes of the next request; none if the connection is to be closed.
task<lease> next_bytes(server_session& session, duration patience) {
  auto bytes = co_await attempt(within(patience, before_drain(session.wire.recv())));
  if (bytes) co_return *std::move(bytes);
  const error& e = bytes.error();
  if (e.is(bight::errc::cancelled) && is_draining(session.here) && !session.here.stop_requested()) {
    // A request that has already arrived is answered.
    auto late = co_await session.wire.try_recv();
    co_return late ? *std::move(late) : lease();
  }
  if (!is_late(e) && !e.is(bight::errc::tls_truncated)) throw error(e);
  co_return lease();
}

struct config {
  handler handle;
  serve_options options;
};

task<> talk(stream peer, std::shared_ptr<const config> shared) {
  co_await serve_connection(peer, shared->handle, shared->options);
}

struct talker {
  std::shared_ptr<const config> shared;
  BIGHT_CORO_WRAPPER task<> operator()(stream peer) const { return talk(std::move(peer), shared); }
};

// Serves `at` (addresses or a listener).
template <class At>
task<> serve_any(At at, handler handle, serve_options options) {
  if (!options.name.empty()) check_field("Server", options.name);
  check_fields(options.fields);
  bight::serve_options server = std::move(options.server);
  std::optional<tls::serve_options> secure = std::exchange(options.tls, std::nullopt);
  talker each;
  each.shared = std::make_shared<const config>(config{std::move(handle), std::move(options)});
  if (!secure) co_return co_await tcp::serve(std::move(at), std::move(each), std::move(server));
  if (secure->protocols.empty()) secure->protocols.emplace_back("http/1.1");
  secure->server = std::move(server);
  co_await tls::serve(std::move(at), std::move(each), *std::move(secure));
}

}  // namespace

task<> serve_connection(stream& peer, const handler& handle, const serve_options& options) {
  const context& here = co_await current_context();
  server_session session{peer, handle, options, here};
  const server_limits& most = options.limits;
  lease rest;
  for (std::size_t left = most.requests; left > 0; --left) {
    if (!rest)
      rest =
          co_await next_bytes(session, left == most.requests ? most.header_time : most.keep_alive);
    if (!rest || !co_await answer_one(session, rest, left == 1)) co_return;
  }
}

task<> serve(addresses at, handler handle, serve_options options) {
  return serve_any(std::move(at), std::move(handle), std::move(options));
}

task<> serve(tcp::listener at, handler handle, serve_options options) {
  return serve_any(std::move(at), std::move(handle), std::move(options));
}

}  // namespace bight::http
