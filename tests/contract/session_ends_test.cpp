// SPDX-License-Identifier: MIT
// How a server's session that fails ends, as its peer sees it and as on_error reports it.
#include <bight/serve.hpp>

#include "contract/session_trial.hpp"

namespace contract {

namespace {

// Each of these sends half an answer and fails. They differ in who owns the stream by then.

task<> fail_with_it(stream peer) {
  co_await peer.send("half");
  throw error(errc::invalid, "test");
}

task<> fail_in_a_task(stream peer) { co_await fail_with_it(std::move(peer)); }

task<> fail_with_a_variable(stream peer) {
  const stream mine = std::move(peer);
  co_await const_cast<stream&>(mine).send("half");
  throw std::runtime_error("test");
}

task<> fail_and_be_caught(stream peer) {
  auto outcome = co_await attempt(fail_with_it(std::move(peer)));
  EXPECT_TRUE(fails(outcome, errc::invalid));
}

task<> fail_in_a_child(stream peer) {
  auto body = [&peer](scope& s) -> task<> {
    s.spawn(fail_with_it(std::move(peer)));
    co_return;
  };
  co_await in_scope(body);
}

task<> miss_a_deadline(stream peer) {
  co_await peer.send("half");
  co_await within(1ms, peer.recv());
}

task<> end_by_close(stream peer) {
  co_await peer.send("half");
  peer.close();
  throw error(errc::invalid, "test");
}

task<> end_by_shutdown(stream peer) {
  co_await peer.send("half");
  peer.shutdown_send();
  throw error(errc::invalid, "test");
}

// Swallows the cancellation, and returns as if all were well.
task<> be_cut(stream peer) {
  co_await peer.send("half");
  static_cast<void>(co_await attempt(peer.recv()));
}

task<> be_cut_inside(stream peer) { co_await be_cut(std::move(peer)); }

task<> be_cut_and_close(stream peer) {
  co_await peer.send("half");
  static_cast<void>(co_await attempt(peer.recv()));
  peer.close();
}

task<> be_cut_loudly(stream peer) {
  co_await peer.send("half");
  co_await peer.recv();
}

/// A server and what its one client heard.
}  // namespace

// ── A session that fails ────────────────────────────────────────────────────────────────────────

BIGHT_TEST(session_ends, a_session_that_fails_is_reset_whatever_owns_its_stream) {
  for (const auto handler : {&fail_with_it, &fail_in_a_task, &fail_with_a_variable,
                             &fail_and_be_caught, &fail_in_a_child, &miss_a_deadline}) {
    trial t;
    co_await play(t, handler);
    EXPECT_EQ(t.got.bytes, "half");
    EXPECT_TRUE(fails(t.got.end, errc::reset));
  }
}

BIGHT_TEST(session_ends, a_session_that_ended_its_stream_before_it_failed_ends_in_order) {
  for (const auto handler : {&end_by_close, &end_by_shutdown}) {
    trial t;
    co_await play(t, handler);
    EXPECT_EQ(t.got.bytes, "half");
    EXPECT_TRUE(t.got.end.has_value()) << t.got.end.error().what();
    EXPECT_EQ(t.s.errors.size(), 1u) << t.s.told();
  }
}

BIGHT_TEST(session_ends, a_session_that_is_silent_for_too_long_is_reset_and_reported_once) {
  for (const auto handler : {&be_cut, &be_cut_inside, &be_cut_and_close, &be_cut_loudly}) {
    trial t;
    serve_options impatient = t.options();
    impatient.idle = 20ms;
    co_await serve_for(t.s, tcp::serve("127.0.0.1:0", handler, impatient), hear_one(t));
    EXPECT_EQ(t.got.bytes, "half");
    EXPECT_TRUE(fails(t.got.end, errc::reset));
    EXPECT_EQ(t.s.errors.size(), 1u) << t.s.told();
    EXPECT_NE(t.s.told().find("20 ms"), std::string::npos) << t.s.told();
  }
}

BIGHT_TEST(session_ends, a_session_that_a_drain_cancels_is_reset_and_not_reported) {
  for (const auto handler : {&be_cut, &be_cut_inside, &be_cut_and_close, &be_cut_loudly}) {
    trial t;
    co_await play_in_a_drain(t, handler);
    EXPECT_EQ(t.got.bytes, "half");
    EXPECT_TRUE(fails(t.got.end, errc::reset));
    EXPECT_EQ(t.s.told(), "");
  }
}

BIGHT_TEST(session_ends, a_tls_session_that_fails_sends_no_close_notify) {
  for (const auto handler : {&fail_with_it, &fail_in_a_task, &fail_with_a_variable,
                             &fail_and_be_caught, &miss_a_deadline}) {
    trial t;
    co_await play_by_tls(t, handler);
    EXPECT_EQ(t.got.bytes, "half");
    EXPECT_TRUE(fails(t.got.end, errc::reset) || fails(t.got.end, errc::tls_truncated));
  }
}

BIGHT_TEST(session_ends, a_tls_session_that_a_drain_cancels_sends_no_close_notify) {
  for (const auto handler : {&be_cut, &be_cut_inside, &be_cut_and_close, &be_cut_loudly}) {
    trial t;
    std::string pin;
    serve_options o = t.options();
    o.grace = 1ms;
    auto client = [](trial& of, const std::string& trusted) -> task<> {
      auto peer = co_await connect_with(trusted, of.s.at.front());
      EXPECT_EQ(co_await recv_exactly(peer, 4), "half");
      of.s.drain.set();
      of.got = co_await hear_out(peer);
    };
    tls::serve_options how = self_signed(pin);
    how.server = o;
    auto serving = tls::serve("127.0.0.1:0", handler, std::move(how));
    co_await serve_for(t.s, std::move(serving), client(t, pin));
    EXPECT_TRUE(fails(t.got.end, errc::reset) || fails(t.got.end, errc::tls_truncated));
    EXPECT_EQ(t.s.told(), "");
  }
}

BIGHT_TEST(session_ends, a_stream_that_an_exception_destroys_is_reset_at_a_client_too) {
  auto listening = co_await tcp::listen("127.0.0.1:0");
  auto client = [](address to) -> task<> {
    auto peer = co_await tcp::connect(std::move(to));
    co_await peer.send("half");
    throw error(errc::invalid, "test");
  };
  auto failed = co_await attempt(client(listening.local()));
  EXPECT_TRUE(fails(failed, errc::invalid));
  auto there = co_await listening.accept();
  const heard got = co_await hear_out(there);
  EXPECT_EQ(got.bytes, "half");
  EXPECT_TRUE(fails(got.end, errc::reset));
}

BIGHT_TEST(session_ends, a_stream_that_survives_an_exception_still_works) {
  auto pair = co_await connected();
  auto borrower = [](stream& s) -> task<> {
    co_await s.send("half");
    throw error(errc::invalid, "test");
  };
  auto failed = co_await attempt(borrower(pair.here));
  EXPECT_TRUE(fails(failed, errc::invalid));
  co_await pair.here.send(" and half");
  pair.here.close();
  EXPECT_EQ(co_await recv_all(pair.there), "half and half");
}

// ── on_error ────────────────────────────────────────────────────────────────────────────────────

namespace {

task<> fail_when_closed(stream peer) {
  peer.close();
  co_await sleep(1ms);
  throw error(errc::invalid, "test");
}

task<> fail_when_gone(stream peer) {
  { const stream gone = std::move(peer); }
  co_await sleep(1ms);
  throw error(errc::invalid, "test");
}

task<> close_under_a_receive(stream peer) {
  auto receive = [](stream& s) -> task<> { co_await s.recv(); };
  auto close = [](stream& s) -> task<> {
    co_await some_turns();
    s.close();
  };
  co_await all(receive(peer), close(peer));
}

BIGHT_CORO_WRAPPER task<> fail_before_it_begins(stream) { throw error(errc::invalid, "test"); }

}  // namespace

BIGHT_TEST(session_ends, on_error_is_called_once_with_the_peer_whatever_became_of_the_stream) {
  for (const auto handler :
       {&fail_with_it, &fail_in_a_task, &fail_with_a_variable, &fail_in_a_child, &end_by_close,
        &fail_when_closed, &fail_when_gone, &close_under_a_receive, &fail_before_it_begins}) {
    trial t;
    co_await play(t, handler);
    EXPECT_EQ(t.peers, std::vector<address>{t.client}) << t.s.told();
  }
}

BIGHT_TEST(session_ends, on_error_names_a_peer_that_reset_before_it_was_accepted) {
  trial t;
  std::vector<address> clients;
  auto ask = [](trial& of, std::vector<address>& who) -> task<> {
    for (int i = 0; i < 50; ++i) {
      auto peer = co_await tcp::connect(of.s.at.front());
      who.push_back(peer.local());
      peer.abort();
    }
    while (of.peers.size() < who.size()) co_await sleep(1ms);
  };
  co_await serve_for(t.s, tcp::serve("127.0.0.1:0", echo, t.options()), ask(t, clients));
  EXPECT_EQ(t.peers, clients);
}

BIGHT_TEST(session_ends, on_error_names_the_peer_of_a_handshake_that_failed_once) {
  trial t;
  std::string pin;
  std::vector<address> clients;
  auto ask = [](trial& of, std::vector<address>& who) -> task<> {
    for (int i = 0; i < 3; ++i) {
      auto peer = co_await tcp::connect(of.s.at.front());
      who.push_back(peer.local());
      if (i == 1) co_await peer.send("GET / HTTP/1.1\r\n\r\n");
      if (i == 2) peer.abort();
      if (i < 2) peer.shutdown_send();
      if (i < 2) static_cast<void>(co_await hear_out(peer));
      while (of.peers.size() < who.size()) co_await sleep(1ms);
    }
  };
  tls::serve_options how = self_signed(pin);
  how.server = t.options();
  auto serving = tls::serve("127.0.0.1:0", echo, std::move(how));
  co_await serve_for(t.s, std::move(serving), ask(t, clients));
  EXPECT_EQ(t.peers, clients);
}

// A client of a unix socket has no name: the server's says where it came in.
BIGHT_TEST(session_ends, on_error_names_a_unix_peer_by_the_path_of_the_listener) {
  for (const auto handler : {&fail_with_it, &fail_when_closed}) {
    trial t;
    const address at("unix:@bight-session-ends-" + std::to_string(::getpid()));
    auto ask = [](trial& of) -> task<> {
      auto peer = co_await tcp::connect(of.s.at.front());
      static_cast<void>(co_await hear_out(peer));
    };
    co_await serve_for(t.s, tcp::serve(at, handler, t.options()), ask(t));
    EXPECT_EQ(t.peers, std::vector<address>{at});
  }
}

}  // namespace contract
