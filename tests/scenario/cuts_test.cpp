// SPDX-License-Identifier: MIT
//
// A connection that ends at every place where it can end, one after the other: in the handshake,
// behind it, in the middle of a page. And a handshake that never gets anywhere.

#include "scenario/meddler.hpp"
#include "scenario/pages.hpp"
#include "scenario/service.hpp"

#include <gtest/gtest.h>

#include <cstdio>

#include <fmt/format.h>

namespace scenario {

namespace {

constexpr std::string_view question = "a question";
constexpr std::string_view reply = "an answer that is a little longer";

task<> reply_once(tcp::stream peer) {
  reader in(peer);
  auto asked = co_await in.read_exactly(question.size());
  sim::require(asked == question, "the question is what was asked");
  co_await peer.send(reply);
  peer.shutdown_send();
  while (auto rest = co_await in.recv()) {}
}

// A client, a server, and somebody between them who does to each connection what he is told.
struct street {
  explicit street(bool secure, tcp::handler handle)
      : where{secure ? "server:443" : "server:80", secure} {
    const serve_options ears = listens();
    server.start([this, handle = std::move(handle), ears]() -> task<> {
      co_await where.serve(handle, ears);
    });
    between.start([this]() -> task<> {
      auto serving = tcp::serve(where.secure ? ":443" : ":80", in_between{this}, quiet());
      co_await std::move(serving);
    });
    net.run_for(1s);
    at_rest = net.alive();
  }

  struct in_between {
    street* of;
    task<> operator()(tcp::stream from) const {
      of->heard = {};
      co_await meddle(std::move(from), of->where.at, of->how, of->heard);
    }
  };

  serve_options listens() {
    serve_options o;
    o.idle.reset();
    o.on_error = [this](const address&, const error& e) { server_error.emplace(e); };
    return o;
  }

  // One connection. What the client was told; and nothing of it is left a while later.
  result<void> play(const meddling& with, task<> session) {
    how = with;
    server_error.reset();
    const auto body = [](task<> main) -> task<result<void>> {
      auto outcome = co_await attempt(std::move(main));
      co_return outcome;
    };
    auto outcome = client.run(body(std::move(session)));
    net.run_for(30s);
    EXPECT_EQ(net.alive(), at_rest) << net.waiting();
    return outcome;
  }

  service where;
  meddling how;
  overheard heard;
  std::optional<error> server_error;
  sim::census at_rest;
  sim::world net{sim::world_options()};
  sim::host& server = net.add("server");
  sim::host& between = net.add("between");
  sim::host& client = net.add("client");
};

// Over a connection of its own each time, with a handshake of its own.
task<> ask(std::string pin, duration patience) {
  tls::connect_options how;
  how.pins.push_back(std::move(pin));
  how.resume = false;
  how.timeout = patience;
  auto peer = co_await tls::connect("between:443", std::move(how));
  co_await peer.send(question);
  std::string told;
  while (auto part = co_await peer.recv()) told += part.view();
  if (told != reply) throw wrong_bytes("an orderly end behind half an answer");
}

task<> say_nothing() {
  auto peer = co_await tcp::connect("between:443");
  while (auto bytes = co_await peer.recv()) {}
}

bool is_any(const error& e, std::initializer_list<errc> of) {
  for (const errc c : of)
    if (e.is(c)) return true;
  return false;
}

TEST(Cuts, an_end_of_tcp_is_never_an_end_of_tls) {
  street s(true, reply_once);
  std::uint64_t cuts = 0;
  for (;; ++cuts) {
    meddling how;
    how.most_back = cuts;
    const auto told = s.play(how, ask(s.where.pin, 10s));
    if (told) break;
    ASSERT_TRUE(told.error().is(errc::tls_truncated)) << cuts << ": " << told.error().what();
    // The client says so by an alert. When it has no keys yet that is not encrypted, and the
    // server, which has some, cannot read it: tls_failed.
    if (s.server_error) {
      EXPECT_TRUE(is_any(*s.server_error, {errc::tls_alert, errc::tls_failed, errc::tls_truncated,
                                           errc::reset, errc::closed}))
          << cuts << ": " << s.server_error->what();
    }
  }
  EXPECT_FALSE(s.server_error.has_value());
  EXPECT_GT(cuts, 1000u);  // a certificate alone has 500 bytes
  for (std::uint64_t there = 0;; ++there, ++cuts) {
    meddling how;
    how.most_there = there;
    const auto told = s.play(how, ask(s.where.pin, 10s));
    if (told && !s.server_error) break;
    ASSERT_TRUE(s.server_error.has_value()) << there;
    EXPECT_TRUE(s.server_error->is(errc::tls_truncated)) << there << ": " << s.server_error->what();
    if (!told) {
      EXPECT_TRUE(is_any(told.error(), {errc::tls_alert, errc::tls_truncated, errc::reset}))
          << there << ": " << told.error().what();
    }
  }
  std::printf("an end at %llu places\n", static_cast<unsigned long long>(cuts));
}

TEST(Cuts, a_reset_anywhere_in_a_connection_is_reported_to_both_sides) {
  std::uint64_t cuts = 0;
  for (const bool there : {true, false}) {
    street s(true, reply_once);
    for (std::uint64_t at = 0;; ++at, ++cuts) {
      meddling how;
      how.resets = true;
      (there ? how.most_there : how.most_back) = at;
      const auto told = s.play(how, ask(s.where.pin, 10s));
      // The whole of a direction has passed, and what had arrived is read before the reset is told.
      if (told && !s.server_error) break;
      ASSERT_TRUE(!told || s.server_error) << at;
      if (!told) {
        EXPECT_TRUE(is_any(told.error(), {errc::reset, errc::closed}))
            << at << ": " << told.error().what();
      }
      if (s.server_error) {
        EXPECT_TRUE(is_any(*s.server_error, {errc::reset, errc::closed}))
            << at << ": " << s.server_error->what();
      }
      ASSERT_LT(at, 10'000u);
    }
  }
  std::printf("a reset at %llu places\n", static_cast<unsigned long long>(cuts));
}

TEST(Cuts, a_handshake_byte_by_byte_succeeds_before_its_timeout_and_fails_after_it) {
  street s(true, reply_once);
  meddling how;
  how.piece = 1;
  how.pause = 1ms;
  EXPECT_TRUE(s.play(how, ask(s.where.pin, 1h)));
  EXPECT_FALSE(s.server_error.has_value());

  how.pause = 300ms;  // a client says some 300 bytes: a minute and a half
  const duration before = s.net.now();
  const auto told = s.play(how, ask(s.where.pin, 1h));
  ASSERT_TRUE(s.server_error.has_value());
  EXPECT_TRUE(s.server_error->is(errc::timed_out)) << s.server_error->what();
  ASSERT_FALSE(told);
  EXPECT_TRUE(is_any(told.error(), {errc::tls_truncated, errc::reset})) << told.error().what();
  EXPECT_LT(s.net.now() - before, 42s);  // the server's 10 s, and play()'s 30

  const auto silence = s.play({}, say_nothing());
  ASSERT_FALSE(silence);
  EXPECT_TRUE(silence.error().is(errc::reset)) << silence.error().what();
  ASSERT_TRUE(s.server_error.has_value());
  EXPECT_TRUE(s.server_error->is(errc::timed_out)) << s.server_error->what();
}

// What an idle session said has been read long ago. Its server need not wait for its peer's end.
TEST(Cuts, an_idle_tls_session_does_not_delay_the_end_of_a_server) {
  sim::world net{sim::world_options()};
  sim::host& server = net.add("server");
  sim::host& client = net.add("client");
  service where{"server:443", true};
  const auto greet = [](tcp::stream peer) -> task<> {
    co_await peer.send("hello");
    co_await until_drain();
  };
  server.start([&where, &greet]() -> task<> { co_await where.serve(greet); });
  net.run_for(1s);
  client.start([&where]() -> task<> {
    auto peer = co_await where.connect();
    auto hello = co_await peer.recv();
    sim::require(hello == "hello", "the greeting");
    co_await sleep(1h);  // and does not look
  });
  net.run_for(10s);
  server.signal(SIGTERM);
  net.run_for(10ms);
  EXPECT_FALSE(server.running()) << net.waiting();
}

// ── Pages ───────────────────────────────────────────────────────────────────────────────────────

task<> fetch(std::string url, std::string pin, std::uint64_t bytes) {
  http::options how;
  if (!pin.empty()) how.tls.pins.push_back(pin);
  how.tls.resume = false;
  http::client web(how);
  co_await read_page(web, std::move(url), bytes);
}

struct page {
  bool secure;
  framing_of framing;
  bool resets;
  std::uint64_t step;  // between two cuts: what TLS does at each place is told above
};

class Pages : public testing::TestWithParam<page> {};

TEST_P(Pages, that_are_cut_off_anywhere_are_never_complete) {
  constexpr std::uint64_t bytes = 700;
  const page& p = GetParam();
  street s(p.secure, serve_pages);
  const std::string url =
      (p.secure ? "https://between" : "http://between") + path_of(p.framing, bytes);
  ASSERT_TRUE(s.play({}, fetch(url, s.where.pin, bytes)));
  const std::uint64_t whole = s.heard.back;
  // Behind a page with a length there are 24 bytes of TLS's own end, which it does not need; and
  // signatures differ by a few bytes from one handshake to the next.
  const std::uint64_t page_at_least = p.secure ? whole - 32 : whole;
  for (std::uint64_t at = 0; at < page_at_least; at += p.step) {
    meddling how;
    how.most_back = at;
    how.resets = p.resets;
    const auto told = s.play(how, fetch(url, s.where.pin, bytes));
    ASSERT_FALSE(told) << at;
    EXPECT_TRUE(
        is_any(told.error(), {errc::cut_short, errc::tls_truncated, errc::reset, errc::closed}))
        << at << ": " << told.error().what();
  }
  meddling how;
  how.most_back = whole + 64;
  how.resets = p.resets;
  EXPECT_TRUE(s.play(how, fetch(url, s.where.pin, bytes)));
}

std::string name_of(const page& p) {
  static constexpr const char* framings[] = {"length", "chunked", "close"};
  return fmt::format("{}_{}_{}", p.secure ? "https" : "http",
                     framings[static_cast<std::size_t>(p.framing)], p.resets ? "reset" : "end");
}

// Left out: http, close, end. Nobody can tell such a page from a whole one.
INSTANTIATE_TEST_SUITE_P(scenario, Pages,
                         testing::Values(page{false, framing_of::length, false, 1},
                                         page{false, framing_of::length, true, 1},
                                         page{false, framing_of::chunked, false, 1},
                                         page{false, framing_of::chunked, true, 1},
                                         page{false, framing_of::close, true, 1},
                                         page{true, framing_of::length, false, 7},
                                         page{true, framing_of::chunked, true, 7},
                                         page{true, framing_of::close, false, 1},
                                         page{true, framing_of::close, true, 7}),
                         [](const auto& of) { return name_of(of.param); });

}  // namespace

}  // namespace scenario
