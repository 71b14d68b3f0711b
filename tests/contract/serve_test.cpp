// SPDX-License-Identifier: MIT
#include <bight/serve.hpp>

#include "contract/contract.hpp"

#include <csignal>

namespace contract {

// ── Sessions ────────────────────────────────────────────────────────────────────────────────────

BIGHT_TEST(serve, reports_its_address_and_serves_it) {
  served s;
  auto client = [](served& server) -> task<> {
    EXPECT_EQ(server.at.size(), 1u);
    EXPECT_NE(server.at.front().port(), 0);
    auto peer = co_await tcp::connect(server.at.front());
    co_await expect_echo(peer, "hello");
  };
  co_await serve_for(s, tcp::serve("127.0.0.1:0", echo, s.options()), client(s));
  EXPECT_EQ(s.told(), "");
}

BIGHT_TEST(serve, a_name_is_served_on_all_its_addresses_with_one_port) {
  served s;
  auto client = [](served& server) -> task<> {
    for (const address& at : server.at) {
      EXPECT_EQ(at.port(), server.at.front().port());
      auto peer = co_await tcp::connect(at);
      co_await expect_echo(peer, "hello");
    }
    auto by_name = co_await tcp::connect("localhost:" + std::to_string(server.at.front().port()));
    co_await expect_echo(by_name, "hello");
  };
  co_await serve_for(s, tcp::serve("localhost:0", echo, s.options()), client(s));
  auto names = co_await resolve("localhost:0");
  EXPECT_EQ(s.at.size(), names.size());
  EXPECT_EQ(s.drained.size(), 1u);
}

BIGHT_TEST(serve, a_port_in_use_is_an_error_of_serve) {
  auto taken = co_await tcp::listen("127.0.0.1:0");
  served s;
  auto outcome = co_await attempt(tcp::serve(taken.local(), echo, s.options()));
  EXPECT_TRUE(fails(outcome, errc::address_in_use));
}

struct sessions_counted {
  served s;
  std::size_t now = 0;
  std::size_t most = 0;
};

static task<> count_and_echo(sessions_counted& c, stream peer) {
  c.most = std::max(c.most, ++c.now);
  while (auto bytes = co_await peer.recv()) co_await peer.send(bytes);
  --c.now;
}

static task<> five_at_once(sessions_counted& c) {
  std::vector<raw::socket> clients;
  for (int i = 0; i < 5; ++i) {
    clients.push_back(raw::connect(c.s.at.front()));
    clients.back().send("x");
  }
  co_await some_turns(50);
  EXPECT_EQ(c.now, 2u);
  for (raw::socket& client : clients) {
    co_await until_readable(client);
    EXPECT_EQ(client.recv(1), "x");
    client.close();
    co_await some_turns(20);
  }
}

BIGHT_TEST(serve, at_max_connections_the_next_waits_until_one_has_ended) {
  sessions_counted c;
  serve_options two = c.s.options();
  two.max_connections = 2;
  co_await serve_for(c.s, tcp::serve("127.0.0.1:0", with(c, +count_and_echo), two),
                     five_at_once(c));
  EXPECT_EQ(c.most, 2u);
  EXPECT_EQ(c.s.told(), "");
}

BIGHT_TEST(serve, a_silent_session_ends_and_a_busy_one_does_not) {
  served s;
  serve_options impatient = s.options();
  impatient.idle = 500ms;  // a busy machine may hold a session up for much of that
  auto client = [](served& server) -> task<> {
    auto silent = co_await tcp::connect(server.at.front());
    auto busy = co_await tcp::connect(server.at.front());
    for (int i = 0; i < 30; ++i) {
      co_await expect_echo(busy, "still here");
      co_await sleep(20ms);
    }
    auto end = co_await attempt(silent.recv());
    EXPECT_TRUE(fails(end, errc::reset));
    co_await expect_echo(busy, "longer than the limit");
  };
  co_await serve_for(s, tcp::serve("127.0.0.1:0", echo, impatient), client(s));
  EXPECT_EQ(s.errors.size(), 1u) << s.told();
  EXPECT_NE(s.told().find("500 ms"), std::string::npos) << s.told();
}

static task<> fail_by_request(stream peer) {
  auto how = co_await peer.recv();
  if (how == "error") throw error(errc::invalid, "test");
  if (how == "std") throw std::runtime_error("what a handler may throw");
  if (how == "int") throw 7;
  co_await peer.send(how);
}

BIGHT_TEST(serve, a_handler_that_throws_ends_its_own_session_and_is_reported) {
  served s;
  auto client = [](served& server) -> task<> {
    auto bystander = co_await tcp::connect(server.at.front());
    for (const char* how : {"error", "std", "int"}) {
      auto peer = co_await tcp::connect(server.at.front());
      co_await peer.send(how);
      auto end = co_await attempt(peer.recv());
      EXPECT_TRUE(fails(end, errc::reset));
    }
    co_await expect_echo(bystander, "unharmed");
  };
  co_await serve_for(s, tcp::serve("127.0.0.1:0", fail_by_request, s.options()), client(s));
  EXPECT_EQ(s.errors.size(), 3u) << s.told();
  EXPECT_NE(s.told().find("what a handler may throw"), std::string::npos) << s.told();
}

BIGHT_TEST(serve, a_client_that_resets_ends_its_own_session_and_is_reported_with_its_address) {
  served s;
  serve_options options = s.options();
  std::vector<address> who;
  options.on_error = [&who](const address& peer, const error& e) {
    who.push_back(peer);
    EXPECT_TRUE(e.is(errc::reset)) << e.what();
  };
  auto client = [](served& server, std::vector<address>& told) -> task<> {
    auto peer = co_await tcp::connect(server.at.front());
    const address mine = peer.local();
    co_await expect_echo(peer, "x");
    peer.abort();
    while (told.empty()) co_await sleep(1ms);
    EXPECT_EQ(told.front(), mine);
    auto next = co_await tcp::connect(server.at.front());
    co_await expect_echo(next, "unharmed");
  };
  co_await serve_for(s, tcp::serve("127.0.0.1:0", echo, options), client(s, who));
  EXPECT_EQ(who.size(), 1u);
}

BIGHT_TEST(serve, a_thousand_connect_and_reset_loops_leave_nothing_behind) {
  served s;
  auto client = [](served& server) -> task<> {
    for (int i = 0; i < 1000; ++i) {
      auto peer = raw::connect(server.at.front());
      if (i % 3 == 0) peer.send("x");
      peer.reset();
      if (i % 10 == 0) co_await sleep(0s);
    }
    auto after = co_await tcp::connect(server.at.front());
    co_await expect_echo(after, "fine");
    // Every session of theirs ends; what is reported is a reset.
    while (server.errors.size() < 900) co_await sleep(1ms);
  };
  co_await serve_for(s, tcp::serve("127.0.0.1:0", echo, s.options()), client(s));
  for (const std::string& e : s.errors) EXPECT_NE(e.find("reset"), std::string::npos) << e;
}

// ── Drain ───────────────────────────────────────────────────────────────────────────────────────

static task<> slow_answer(stream peer) {
  auto asked = co_await peer.recv();
  co_await sleep(50ms);
  co_await peer.send("answer to ", asked);
}

BIGHT_TEST(drain, sessions_finish_within_the_grace_period_and_no_more_are_accepted) {
  served s;
  auto client = [](served& server) -> task<> {
    auto busy = co_await tcp::connect(server.at.front());
    co_await busy.send("question");
    co_await some_turns(30);
    server.drain.set();
    while (server.drained.empty()) co_await sleep(0s);
    auto late = co_await attempt(tcp::connect(server.at.front()));
    EXPECT_TRUE(fails(late, errc::refused));
    EXPECT_EQ(co_await recv_all(busy), "answer to question");
  };
  co_await serve_for(s, tcp::serve("127.0.0.1:0", slow_answer, s.options()), client(s));
  EXPECT_EQ(s.drained, std::vector<std::size_t>{1});
  EXPECT_EQ(s.told(), "");
}

BIGHT_TEST(drain, connections_not_accepted_when_it_began_are_reset) {
  sessions_counted c;
  serve_options one = c.s.options();
  one.max_connections = 1;
  auto client = [](sessions_counted& count) -> task<> {
    auto inside = co_await tcp::connect(count.s.at.front());
    co_await expect_echo(inside, "in");
    auto outside = co_await tcp::connect(count.s.at.front());
    co_await outside.send("let me in");
    co_await some_turns(20);
    count.s.drain.set();
    auto outcome = co_await attempt(outside.recv());
    EXPECT_TRUE(fails(outcome, errc::reset));
    co_await expect_echo(inside, "still in");
  };
  co_await serve_for(c.s, tcp::serve("127.0.0.1:0", with(c, +count_and_echo), one), client(c));
  EXPECT_EQ(c.most, 1u);
  EXPECT_EQ(c.s.drained, std::vector<std::size_t>{1});
}

struct stuck {
  served s;
  int cancelled = 0;
  int cleaned_up = 0;
};

static task<> never_ends(stuck& state, stream peer) {
  co_await peer.send("in");
  auto outcome = co_await attempt(peer.recv());
  if (!outcome && outcome.error().is(errc::cancelled)) ++state.cancelled;
  co_await some_turns(0);
  ++state.cleaned_up;
}

static task<> three_stuck_clients(stuck& state) {
  std::vector<stream> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(co_await tcp::connect(state.s.at.front()));
    EXPECT_EQ(co_await recv_exactly(clients.back(), 2), "in");
  }
  state.s.drain.set();
  for (stream& c : clients) {
    auto end = co_await attempt(c.recv());
    EXPECT_TRUE(fails(end, errc::reset));
  }
}

BIGHT_TEST(drain, sessions_that_are_stuck_are_cancelled_and_awaited_after_the_grace_period) {
  stuck state;
  serve_options short_grace = state.s.options();
  short_grace.grace = 20ms;
  co_await serve_for(state.s, tcp::serve("127.0.0.1:0", with(state, +never_ends), short_grace),
                     three_stuck_clients(state));
  EXPECT_EQ(state.s.drained, std::vector<std::size_t>{3});
  EXPECT_EQ(state.cancelled, 3);
  EXPECT_EQ(state.cleaned_up, 3);
  EXPECT_EQ(state.s.told(), "");
}

BIGHT_TEST(drain, a_signal_begins_it) {
  served s;
  serve_options by_signal = s.options();
  by_signal.signals = true;
  auto client = [](served& server) -> task<> {
    auto busy = co_await tcp::connect(server.at.front());
    co_await busy.send("question");
    co_await some_turns(30);
    needs_kernel("raises a signal of the process");
    ::raise(SIGTERM);
    EXPECT_EQ(co_await recv_all(busy), "answer to question");
    while (server.drained.empty()) co_await sleep(0s);
    auto late = co_await attempt(tcp::connect(server.at.front()));
    EXPECT_TRUE(fails(late, errc::refused));
  };
  co_await serve_for(s, tcp::serve("127.0.0.1:0", slow_answer, by_signal), client(s));
  EXPECT_EQ(s.drained.size(), 1u);
}

std::sig_atomic_t volatile terminated = 0;

BIGHT_TEST(drain, a_server_that_run_does_not_run_leaves_signals_to_the_program) {
  needs_kernel("raises a signal of the process");
  served s;
  serve_options defaults;
  defaults.on_listening = s.options().on_listening;
  defaults.drain = s.options().drain;
  terminated = 0;
  const auto before = std::signal(SIGTERM, [](int) { terminated = 1; });
  auto client = [](served& server) -> task<> {
    auto peer = co_await tcp::connect(server.at.front());
    co_await some_turns(30);
    ::raise(SIGTERM);
    EXPECT_EQ(terminated, 1);
    co_await peer.send("question");
    EXPECT_EQ(co_await recv_exactly(peer, 18), "answer to question");
  };
  co_await serve_for(s, tcp::serve("127.0.0.1:0", slow_answer, defaults), client(s));
  std::signal(SIGTERM, before);
}

BIGHT_TEST(drain, a_second_signal_cancels_the_sessions) {
  stuck state;
  serve_options patient = state.s.options();
  patient.signals = true;
  patient.grace = 1h;
  auto client = [](stuck& st) -> task<> {
    auto peer = co_await tcp::connect(st.s.at.front());
    EXPECT_EQ(co_await recv_exactly(peer, 2), "in");
    needs_kernel("raises a signal of the process");
    ::raise(SIGTERM);
    while (st.s.drained.empty()) co_await sleep(0s);
    EXPECT_EQ(st.cancelled, 0);
    ::raise(SIGTERM);
    auto end = co_await attempt(peer.recv());
    EXPECT_TRUE(fails(end, errc::reset));
  };
  co_await serve_for(state.s, tcp::serve("127.0.0.1:0", with(state, +never_ends), patient),
                     client(state));
  EXPECT_EQ(state.cancelled, 1);
}

BIGHT_TEST(drain, a_server_that_is_cancelled_cancels_and_awaits_its_sessions) {
  stuck state;
  auto client = [](stuck& st) -> task<> {
    co_await st.s.listening.wait();
    auto peer = co_await tcp::connect(st.s.at.front());
    EXPECT_EQ(co_await recv_exactly(peer, 2), "in");
  };
  co_await race(tcp::serve("127.0.0.1:0", with(state, +never_ends), state.s.options()),
                client(state));
  EXPECT_EQ(state.cleaned_up, 1);
  auto late = co_await attempt(tcp::connect(state.s.at.front()));
  EXPECT_TRUE(fails(late, errc::refused));
}

BIGHT_TEST(drain, an_event_that_is_set_before_serving_ends_it_at_once) {
  served s;
  s.drain.set();
  co_await tcp::serve("127.0.0.1:0", echo, s.options());
  EXPECT_EQ(s.drained, std::vector<std::size_t>{0});
}

}  // namespace contract
