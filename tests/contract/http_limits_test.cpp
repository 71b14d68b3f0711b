// SPDX-License-Identifier: MIT
#include <bight/http.hpp>

#include "contract/contract.hpp"
#include "contract/site.hpp"

#include <chrono>

namespace contract {
namespace {

using http::client;
using http::request;

// ── Time ────────────────────────────────────────────────────────────────────────────────────────

task<bool> stall(site& s, stream& peer, std::string asked) {
  const std::string path = path_of(asked);
  if (path == "/header") co_await peer.send("HTTP/1.1 200 OK\r\nContent-");
  if (path == "/body") co_await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
  co_await s.release.wait();
  co_return false;
}

http::options hasty() {
  http::options how;
  how.timeouts.header = how.timeouts.silence = how.timeouts.greeting = 50ms;
  return how;
}

BIGHT_SITE_TEST(http_time, c01_each_step_has_its_deadline, stall) {
  for (const char* path : {"/", "/header", "/body"}) {
    auto page = co_await fetched(s.url(path), hasty());
    EXPECT_TRUE(fails(page, errc::timed_out)) << path;
    EXPECT_NE(std::string_view(page.error().what()).find("50 ms"), std::string_view::npos);
  }
}

task<bool> trickle_header(site&, stream& peer, std::string) {
  co_await peer.send("HTTP/1.1 200 OK\r\n");
  for (int i = 0; i < 200; ++i) {
    co_await sleep(5ms);
    co_await peer.send("X: y\r\n");
  }
  co_return false;
}

BIGHT_SITE_TEST(http_time, c01_a_header_that_trickles_does_not_put_its_deadline_off,
                trickle_header) {
  EXPECT_TRUE(fails(co_await fetched(s.url(), hasty()), errc::timed_out));
}

task<bool> trickle_body(site&, stream& peer, std::string) {
  co_await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
  for (int i = 0; i < 2000; ++i) {
    co_await peer.send("x");
    co_await sleep(2ms);
  }
  co_return false;
}

BIGHT_SITE_TEST(http_time, h24_a_body_slower_than_the_smallest_rate_is_given_up, trickle_body) {
  http::options how;
  how.rate_min = 100'000;
  how.rate_window = 50ms;
  auto page = co_await fetched(s.url(), how);
  EXPECT_EQ(page.error().code(), http::errc::too_slow);
  EXPECT_TRUE(fails(page, errc::timed_out));
}

task<bool> answer_hello(site&, stream& peer, std::string) {
  co_await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello ");
  co_await sleep(60ms);
  co_await peer.send("world");
  co_return true;
}

BIGHT_SITE_TEST(http_time, no_byte_is_lost_to_a_deadline, answer_hello) {
  auto page = co_await http::get(s.url());
  std::string all;
  while (all.size() < 11) {
    auto bytes = co_await attempt(within(10ms, page.recv()));
    if (bytes)
      all += bytes->view();
    else
      EXPECT_TRUE(fails(bytes, errc::timed_out));
  }
  EXPECT_EQ(all, "hello world");
}

// How a program shows that it is still waiting.
BIGHT_SITE_TEST(http_time, a_deadline_around_recv_does_not_restart_the_silence_clock, stall) {
  http::options how;
  how.timeouts.silence = 200ms;
  http::client one(how);
  auto page = co_await one.get(s.url("/body"));
  std::string all;
  std::optional<error> end;
  for (int i = 0; i < 1000 && !end; ++i) {
    auto bytes = co_await attempt(within(10ms, page.recv()));
    if (bytes)
      all += bytes->view();
    else if (!bytes.error().is(errc::timed_out) || i == 999)
      end = bytes.error();
  }
  EXPECT_EQ(all, "half");
  EXPECT_TRUE(end && end->is(errc::closed)) << (end ? end->what() : "waits for ever");
}

BIGHT_SITE_TEST(http_time, silence_is_reported_once_and_then_the_connection_is_closed, stall) {
  http::client one(hasty());
  auto page = co_await one.get(s.url("/body"));
  const lease half = co_await page.recv();
  auto silent = co_await attempt(page.recv());
  EXPECT_TRUE(fails(silent, errc::timed_out));
  auto again = co_await attempt(page.recv());
  EXPECT_TRUE(fails(again, errc::closed));
}

task<bool> trickle_slowly(site& s, stream& peer, std::string) {
  co_await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n");
  for (int i = 0; i < 2000 && !s.release.is_set(); ++i) {
    auto sent = co_await attempt(peer.send("x"));
    if (!sent) break;
    co_await sleep(20ms);
  }
  co_return false;
}

BIGHT_SITE_TEST(http_time, a_deadline_around_recv_does_not_restart_the_rate_window,
                trickle_slowly) {
  http::options how;
  how.rate_min = 100'000;
  how.rate_window = 200ms;
  http::client one(how);
  auto page = co_await one.get(s.url());
  std::optional<error> end;
  for (int i = 0; i < 1000 && !end; ++i) {
    auto bytes = co_await attempt(within(5ms, page.recv()));
    if (!bytes && bytes.error().code() == http::errc::too_slow) end = bytes.error();
  }
  EXPECT_TRUE(end);
}

BIGHT_SITE_TEST(http_time, a_cancelled_request_leaves_no_connection, stall) {
  EXPECT_TRUE(fails(co_await attempt(within(30ms, http::get(s.url()))), errc::timed_out));
  EXPECT_EQ(s.connections, 1u);
}

// ── A response that has failed ──────────────────────────────────────────────────────────────────

task<bool> break_in_the_body(site& s, stream& peer, std::string asked) {
  constexpr std::string_view chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  constexpr std::string_view gzip =
      "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 10\r\n\r\n";
  const std::string path = path_of(asked);
  if (path == "/malformed") co_await peer.send(chunked, "4\r\nhalf\r\nno number\r\n4\r\nmore\r\n");
  if (path == "/over_limit") co_await peer.send(chunked, "14\r\ntwenty bytes of body\r\n0\r\n\r\n");
  if (path == "/bad_encoding") co_await peer.send(gzip, "not gzip!!", page("more"));
  if (path == "/silence") co_await peer.send(chunked, "4\r\nhalf\r\n");
  if (path == "/cut_short") co_await peer.send(chunked, "4\r\nhalf\r\n");
  if (path == "/reset") {
    co_await peer.send(chunked, "4\r\nhalf\r\n");
    co_await some_turns();
    peer.abort();
  }
  if (path == "/silence") co_await s.release.wait();
  co_return path != "/cut_short" && path != "/reset";
}

BIGHT_SITE_TEST(http_failed, a_response_that_has_failed_stays_failed, break_in_the_body) {
  for (const char* path :
       {"/malformed", "/over_limit", "/bad_encoding", "/silence", "/cut_short", "/reset"}) {
    http::options how;
    how.timeouts.silence = 300ms;
    how.limits.body_bytes = 10;
    http::client one(how);
    auto page = co_await one.get(s.url(path));
    result<lease> piece = co_await attempt(page.recv());
    for (int i = 0; i < 9 && piece && !piece->empty(); ++i) piece = co_await attempt(page.recv());
    EXPECT_FALSE(piece.has_value()) << path;
    if (piece) continue;
    const bool gone = piece.error().is(errc::reset) || piece.error().is(errc::timed_out);
    const std::error_code then = gone ? make_error_code(errc::closed) : piece.error().code();
    for (int i = 0; i < 3; ++i) {
      auto again = co_await attempt(page.recv());
      EXPECT_FALSE(again.has_value()) << path;
      if (again) continue;
      EXPECT_EQ(again.error().code(), then) << path;
    }
    auto all = co_await attempt(page.text());
    EXPECT_FALSE(all.has_value()) << path;
    EXPECT_EQ(page.status(), 200);
    EXPECT_EQ(one.idle(), 0u) << path;
  }
  s.release.set();
}

BIGHT_SITE_TEST(http_failed, a_page_longer_than_text_takes_is_over, break_in_the_body) {
  http::client one;
  auto page = co_await one.get(s.url("/silence"));
  auto all = co_await attempt(page.text(3));
  EXPECT_FALSE(all.has_value());
  EXPECT_TRUE(fails(co_await attempt(page.recv()), errc::closed));
  s.release.set();
}

BIGHT_SITE_TEST(http_failed, one_that_was_too_slow_stays_failed, trickle_body) {
  http::options how;
  how.rate_min = 100'000;
  how.rate_window = 50ms;
  http::client one(how);
  auto page = co_await one.get(s.url());
  result<lease> piece = co_await attempt(page.recv());
  while (piece && !piece->empty()) piece = co_await attempt(page.recv());
  EXPECT_FALSE(piece.has_value());
  if (!piece) {
    EXPECT_EQ(piece.error().code(), http::errc::too_slow);
  }
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(fails(co_await attempt(page.recv()), errc::closed));
  EXPECT_EQ(one.idle(), 0u);
}

// ── Redirects ───────────────────────────────────────────────────────────────────────────────────

task<bool> redirect(site& s, stream& peer, std::string asked) {
  const std::string path = path_of(asked);
  std::string to;
  if (path == "/relative") to = "there/../here?x=1";
  if (path == "/loop") to = "/loop";
  if (path == "/other") to = "http://localhost:" + std::to_string(s.at().port()) + "/here";
  if (path == "/evil") to = "file:///etc/passwd";
  if (to.empty()) {
    co_await peer.send(page(path));
    co_return true;
  }
  co_await peer.send("HTTP/1.1 302 Found\r\nLocation: ", to, "\r\nContent-Length: 5\r\n\r\nmoved");
  co_return true;
}

BIGHT_SITE_TEST(http_redirect, leads_to_the_page_on_the_same_connection, redirect) {
  auto page = co_await http::get(s.url("/relative"));
  EXPECT_EQ(co_await page.text(), "/here?x=1");
  EXPECT_EQ(page.from().target(), "/here?x=1");
  EXPECT_EQ(s.connections, 1u);
}

BIGHT_SITE_TEST(http_redirect, h10_a_loop_ends_after_ten, redirect) {
  auto page = co_await fetched(s.url("/loop"));
  EXPECT_EQ(page.error().code(), http::errc::too_many_redirects);
  EXPECT_EQ(s.requests.size(), 11u);
}

BIGHT_SITE_TEST(http_redirect, h10_credentials_stay_with_their_origin, redirect) {
  request what(s.url("/other"));
  what.fields.push_back({"Authorization", "Bearer s3cret"});
  what.fields.push_back({"Accept-Language", "de"});
  auto page = co_await http::get(what);
  EXPECT_EQ(page.status(), 200);
  EXPECT_EQ(field_of(s.requests.at(0), "Authorization"), "Bearer s3cret");
  EXPECT_EQ(field_of(s.requests.at(1), "Authorization"), "");
  EXPECT_EQ(field_of(s.requests.at(1), "Accept-Language"), "de");
}

BIGHT_SITE_TEST(http_redirect, h10_is_given_when_none_is_wanted, redirect) {
  http::options how;
  how.redirects_max = 0;
  auto page = co_await http::get(s.url("/loop"), how);
  EXPECT_EQ(page.status(), 302);
  EXPECT_EQ(co_await page.text(), "moved");
}

BIGHT_SITE_TEST(http_redirect, h10_to_what_is_no_page_is_refused, redirect) {
  auto page = co_await fetched(s.url("/evil"));
  EXPECT_EQ(page.error().code(), http::errc::redirect_refused);
}

BIGHT_SITE_TEST(http_redirect, h11_f11_the_policy_is_asked_of_every_address, redirect) {
  http::options how;
  how.connect.allow = [at = s.at()](const address& a) { return a == at; };
  auto straight = co_await fetched(s.url("/here"), how);
  EXPECT_EQ(*straight, "/here");
  how.connect.allow = [](const address& a) { return !a.is_loopback(); };
  EXPECT_TRUE(fails(co_await fetched(s.url("/here"), how), errc::denied));
  std::vector<address> asked;
  how.connect.allow = [&asked](const address& a) {
    asked.push_back(a);
    return false;
  };
  const std::string named = "http://localhost:" + std::to_string(s.at().port()) + "/";
  EXPECT_TRUE(fails(co_await fetched(named, how), errc::denied));
  EXPECT_FALSE(asked.empty());
  for (const address& a : asked) EXPECT_TRUE(a.is_ip()) << a.str();
  EXPECT_EQ(s.connections, 1u);
}

// ── Encodings ───────────────────────────────────────────────────────────────────────────────────

// "hello hello hello hello\n" as gzip -9n has it.
constexpr std::string_view gzipped(
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\x57\xc8\x40\x27\xb9\x00\x00"
    "\x88\x59\x0b\x18\x00\x00\x00",
    29);

task<bool> say_gzip(site&, stream& peer, std::string asked) {
  const std::string path = path_of(asked);
  std::string_view bytes("hello hello hello hello\n");
  const std::string body(path == "/lie" ? bytes : gzipped);
  if (path == "/lie" || !field_of(asked, "Accept-Encoding").starts_with("identity"))
    co_await peer.send(page(body, "Content-Encoding: gzip\r\n"));
  else
    co_await peer.send(page(bytes));
  co_return true;
}

BIGHT_SITE_TEST(http, h18_what_is_encoded_is_decoded_and_its_length_unknown, say_gzip) {
  auto page = co_await http::get(s.url());
  EXPECT_TRUE(page.encoded());
  EXPECT_FALSE(page.length());
  auto text = co_await attempt(page.text());
  EXPECT_EQ(text ? *text : text.error().what(), "hello hello hello hello\n");
  EXPECT_EQ(page.received(), gzipped.size());
  http::options plain;
  plain.decode = false;
  auto raw = co_await http::get(s.url(), plain);
  EXPECT_EQ(raw.length(), 24u);
  auto lie = co_await fetched(s.url("/lie"));
  EXPECT_EQ(lie.error().code(), http::errc::bad_encoding);
}

task<bool> say_status(site&, stream& peer, std::string asked) {
  const std::string status = path_of(asked).substr(1);
  co_await peer.send("HTTP/1.1 ", status, " So\r\nContent-Encoding: gzip\r\n");
  if (status == "200") co_await peer.send("Content-Length: 24\r\n");
  co_await peer.send("\r\n");
  co_return true;
}

BIGHT_SITE_TEST(http, h12_head_204_and_304_have_no_body_and_keep_the_connection, say_status) {
  client c;
  for (const char* path : {"/204", "/304", "/200"}) {
    request what(s.url(path));
    what.head = std::string_view(path) == "/200";
    auto page = co_await c.get(what);
    EXPECT_EQ(co_await page.text(), "") << path;
  }
  EXPECT_EQ(s.connections, 1u);
  EXPECT_TRUE(s.requests.at(2).starts_with("HEAD /200 "));
}

BIGHT_SITE_TEST(http, h09_a_bad_field_is_refused_before_anything_is_sent, say_gzip) {
  request what(s.url());
  what.fields.push_back({"X", "a\r\nEvil: yes"});
  EXPECT_TRUE(fails(co_await fetched(what), errc::invalid));
  EXPECT_EQ(s.connections, 0u);
}

}  // namespace
}  // namespace contract
