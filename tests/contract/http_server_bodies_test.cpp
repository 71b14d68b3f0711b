// SPDX-License-Identifier: MIT
// Request bodies, limits and the drain of a server of HTTP.
#include <bight/http_server.hpp>

#include "contract/http_web.hpp"
#include "contract/tls_pair.hpp"

#include <fmt/format.h>

namespace contract {
namespace {

using http::exchange;

const std::string get = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

std::string post(std::string_view fields, std::string_view body = {}) {
  return fmt::format("POST /p HTTP/1.1\r\nHost: x\r\n{}\r\n\r\n{}", fields, body);
}

task<> count_body(exchange& x) {
  std::uint64_t size = 0;
  while (auto bytes = co_await x.recv(1000)) {
    EXPECT_LE(bytes.size(), 1000u);
    EXPECT_TRUE(pattern::matches(size, bytes));
    size += bytes.size();
  }
  const std::string said = std::to_string(size);
  co_await x.respond(200, said);
}

void allow_much(web& w) { w.how.limits.body_bytes = 100 << 20; }

BIGHT_WEB_TEST_WITH(http_bodies, a_long_body_comes_in_pieces, count_body, allow_much) {
  auto peer = co_await tcp::connect(w.at());
  constexpr std::uint64_t size = 3'000'000;
  co_await peer.send(post(fmt::format("Content-Length: {}", size)));
  for (std::uint64_t at = 0; at < size;) {
    const auto bytes =
        pattern::at(at, static_cast<std::size_t>(std::min<std::uint64_t>(size - at, 50'000)));
    co_await peer.send(bytes);
    at += bytes.size();
  }
  peer.shutdown_send();
  EXPECT_EQ(first_of(co_await recv_all(peer)).body, std::to_string(size));
  EXPECT_EQ(w.log.back().received, size);
  EXPECT_EQ(w.log.back().sent, 7u);
  EXPECT_EQ(w.log.back().request, "POST /p");
}

task<> read_lines(exchange& x) {
  reader lines(x);
  std::string all;
  while (auto line = co_await lines.read_line()) all += line->str() + "|";
  co_await x.respond(200, all);
}

BIGHT_WEB_TEST(http_bodies, can_be_read_by_lines, read_lines) {
  EXPECT_EQ(first_of(co_await w.ask(post("Content-Length: 8", "one\ntwo\n"))).body, "one|two|");
}

// ── 100-continue ────────────────────────────────────────────────────────────────────────────────

task<> read_if_wanted(exchange& x) {
  if (x.path() == "/p") {
    current_web().first.set();
    co_await current_web().second.wait();
  }
  if (x.query("drop")) co_return co_await x.respond(200, "no");
  const std::string body = co_await x.text();
  co_await x.respond(200, body);
}

BIGHT_WEB_TEST(http_bodies, continue_is_sent_when_the_handler_first_reads, read_if_wanted) {
  auto peer = co_await tcp::connect(w.at());
  co_await peer.send(post("Content-Length: 5\r\nExpect: 100-Continue"));
  co_await w.first.wait();
  co_await some_turns();
  EXPECT_FALSE((co_await peer.try_recv()).has_value());
  w.second.set();
  EXPECT_EQ(co_await recv_exactly(peer, 25), "HTTP/1.1 100 Continue\r\n\r\n");
  co_await peer.send("hello" + get);
  peer.shutdown_send();
  EXPECT_EQ(bodies_of(all_of(co_await recv_all(peer))), "hello||");
}

BIGHT_WEB_TEST(http_bodies, without_a_read_there_is_no_continue_and_the_connection_ends,
               read_if_wanted) {
  w.second.set();
  const auto answers = all_of(co_await w.ask(
      "POST /?drop=1 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n" +
      get));
  EXPECT_EQ(bodies_of(answers), "no|");
  EXPECT_EQ(answers[0].field("Connection"), "close");
}

BIGHT_WEB_TEST(http_bodies, a_body_that_comes_without_waiting_needs_no_continue, read_if_wanted) {
  w.second.set();
  const std::string said =
      co_await w.ask(post("Content-Length: 5\r\nExpect: 100-continue", "hello") + get);
  EXPECT_EQ(bodies_of(all_of(said)), "hello||");
}

// ── Unread bodies ───────────────────────────────────────────────────────────────────────────────

task<> read_nothing(exchange& x) {
  if (x.path() == "/some") static_cast<void>(co_await x.recv(1));
  co_await x.respond(200, "ok");
}

void read_little(web& w) { w.how.limits.unread_bytes = 1000; }

BIGHT_WEB_TEST_WITH(http_bodies, an_unread_body_is_discarded, read_nothing, read_little) {
  const std::string body(1000, 'b');
  for (const std::string& request :
       {post("Content-Length: 1000", body),
        post("Transfer-Encoding: chunked", "3e8\r\n" + body + "\r\n0\r\n\r\n"),
        "POST /some HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n" + body}) {
    const auto answers = all_of(co_await w.ask_in_pieces(request + get, 100));
    EXPECT_EQ(bodies_of(answers), "ok|ok|") << request.substr(0, 60);
  }
}

BIGHT_WEB_TEST_WITH(http_bodies, a_large_unread_body_ends_the_connection, read_nothing,
                    read_little) {
  const std::string body(1100, 'b');
  const auto known = all_of(co_await w.ask(post("Content-Length: 1100", body) + get));
  EXPECT_EQ(bodies_of(known), "ok|");
  EXPECT_EQ(known[0].field("Connection"), "close");
  const auto chunked =
      co_await w.ask(post("Transfer-Encoding: chunked", "44c\r\n" + body + "\r\n0\r\n\r\n") + get);
  EXPECT_EQ(bodies_of(all_of(chunked)), "ok|");
  const auto malformed = co_await w.ask(post("Transfer-Encoding: chunked", "x\r\n") + get);
  EXPECT_EQ(bodies_of(all_of(malformed)), "ok|");
  EXPECT_EQ(w.of.told(), "");
}

// ── Limits ──────────────────────────────────────────────────────────────────────────────────────

void allow_little(web& w) { w.how.limits.body_bytes = 10; }

task<> read_text(exchange& x) {
  if (x.path() == "/more") x.limit_body(20);
  const std::string body = co_await x.text();
  co_await x.respond(200, body);
}

BIGHT_WEB_TEST_WITH(http_bodies, a_body_over_the_limit_is_413, read_text, allow_little) {
  for (const std::string& request :
       {post("Content-Length: 11", "12345678901"), post("Content-Length: 99999999999999"),
        post("Content-Length: 11\r\nExpect: 100-continue"),
        post("Transfer-Encoding: chunked", "6\r\n123456\r\n5\r\n12345\r\n0\r\n\r\n")}) {
    const auto answers = all_of(co_await w.ask(request + get));
    EXPECT_EQ(answers.size(), 1u);
    EXPECT_EQ(answers[0].status, 413) << request;
    EXPECT_EQ(answers[0].field("Connection"), "close");
  }
  EXPECT_EQ(first_of(co_await w.ask(post("Content-Length: 10", "1234567890"))).status, 200);
  const std::string more = "POST /more HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n";
  EXPECT_EQ(first_of(co_await w.ask(more + "12345678901234567890")).status, 200);
  EXPECT_EQ(w.of.told(), "");
}

BIGHT_WEB_TEST(http_bodies, a_chunked_body_that_is_malformed_is_400, read_text) {
  const auto answers =
      all_of(co_await w.ask(post("Transfer-Encoding: chunked", "5\r\nhello!") + get));
  EXPECT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].status, 400);
  EXPECT_EQ(w.of.told(), "");
}

void be_impatient(web& w) {
  w.how.limits.header_time = 50ms;
  w.how.limits.keep_alive = 50ms;
  w.how.limits.rate_min = 1000;
  w.how.limits.rate_window = 50ms;
}

BIGHT_WEB_TEST_WITH(http_bodies, a_slow_header_is_408, read_text, be_impatient) {
  auto peer = co_await tcp::connect(w.at());
  co_await peer.send("GET / HTTP/1.1\r\nHost");
  const answer a = first_of(co_await recv_all(peer));
  EXPECT_EQ(a.status, 408);
  EXPECT_EQ(w.log.back().refused, http::refusal::too_slow);
  auto silent = co_await tcp::connect(w.at());
  EXPECT_EQ(co_await recv_all(silent), "");
}

BIGHT_WEB_TEST_WITH(http_bodies, a_slow_body_is_408, read_text, be_impatient) {
  auto peer = co_await tcp::connect(w.at());
  co_await peer.send(post("Content-Length: 1000", "begin"));
  EXPECT_EQ(first_of(co_await recv_all(peer)).status, 408);
  EXPECT_EQ(w.of.told(), "");
}

BIGHT_WEB_TEST_WITH(http_bodies, an_idle_connection_is_closed, read_text, be_impatient) {
  auto peer = co_await tcp::connect(w.at());
  co_await peer.send(get);
  EXPECT_EQ(first_of(co_await recv_all(peer)).field("Connection"), "keep-alive");
  EXPECT_EQ(w.of.told(), "");
}

void keep_two(web& w) { w.how.limits.requests = 2; }

BIGHT_WEB_TEST_WITH(http_bodies, the_last_request_of_a_connection_says_so, read_text, keep_two) {
  const auto answers = all_of(co_await w.ask(get + get + get));
  EXPECT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[1].field("Connection"), "close");
}

void send_soon(web& w) { w.how.limits.send_time = 50ms; }

task<> say_much(exchange& x) {
  const std::string much(50'000'000, 'x');
  co_await x.respond(200, much);
}

BIGHT_WEB_TEST_WITH(http_bodies, a_client_that_does_not_read_is_reset, say_much, send_soon) {
  auto peer = co_await tcp::connect(w.at());
  co_await peer.send(get);
  while (w.log.empty()) co_await sleep(10ms);
  EXPECT_FALSE(w.log.front().complete);
  EXPECT_EQ(w.log.front().status, 200);
  while (w.of.errors.empty()) co_await sleep(10ms);
  EXPECT_FALSE((co_await attempt(recv_all(peer))).has_value());
}

// ── The drain ───────────────────────────────────────────────────────────────────────────────────

void drain_slowly(web& w) {
  w.how.limits.keep_alive = 1h;
  w.how.limits.header_time = 1h;
}

task<> wait_if_asked(exchange& x) {
  if (x.path() == "/p") {
    current_web().first.set();
    co_await current_web().second.wait();
  }
  co_await x.respond(200, "done");
}

BIGHT_WEB_TEST_WITH(http_bodies, a_drain_finishes_answers_and_closes_idle_connections,
                    wait_if_asked, drain_slowly) {
  auto silent = co_await tcp::connect(w.at());
  auto idle = co_await tcp::connect(w.at());
  co_await idle.send(get);
  const std::string page = (co_await idle.recv()).str();
  EXPECT_TRUE(page.ends_with("done")) << page;
  auto busy = co_await tcp::connect(w.at());
  co_await busy.send(post("Content-Length: 0") + get);
  auto slow = co_await tcp::connect(w.at());
  co_await slow.send("GET / HTTP/1.1\r\n");
  co_await w.first.wait();
  co_await some_turns();
  w.of.drain.set();
  EXPECT_EQ(co_await recv_all(silent), "");
  EXPECT_EQ(co_await recv_all(idle), "");
  w.second.set();
  const answer last = first_of(co_await recv_all(busy));
  EXPECT_EQ(last.body, "done");
  EXPECT_EQ(last.field("Connection"), "close");
  co_await slow.send("Host: x\r\n\r\n" + get);
  EXPECT_EQ(first_of(co_await recv_all(slow)).field("Connection"), "close");
  EXPECT_EQ(w.of.told(), "");
}

// ── Other transports ────────────────────────────────────────────────────────────────────────────

task<> say_secure(exchange& x) { co_await x.respond(200, "secure"); }

BIGHT_TEST(http_bodies, an_option_makes_it_tls) {
  web w;
  w.scheme = "https";
  w.handle = http::handler(say_secure);
  tls::serve_options secure;
  secure.on_pin = [](const std::string&) {};
  w.how.tls = secure;
  auto client = [](web& of) -> task<> {
    http::options how;
    how.tls.insecure = true;
    http::client c(how);
    for (int i = 0; i < 3; ++i) {
      auto page = co_await c.get(of.url());
      EXPECT_EQ(co_await page.text(), "secure");
      EXPECT_EQ(page.reused(), i > 0);
    }
  };
  auto serving = w.run(client(w));
  co_await std::move(serving);
  EXPECT_EQ(w.of.told(), "");
}

task<> serve_one(stream peer) {
  const http::handler handle = say_secure;
  const http::serve_options how;
  co_await http::serve_connection(peer, handle, how);
}

BIGHT_TEST(http_bodies, a_program_can_accept_connections_itself) {
  auto both = co_await connected();
  co_await both.there.send(get + get);
  both.there.shutdown_send();
  co_await serve_one(std::move(both.here));
  EXPECT_EQ(bodies_of(all_of(co_await recv_all(both.there))), "secure|secure|");
}

}  // namespace
}  // namespace contract
