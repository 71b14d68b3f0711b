// SPDX-License-Identifier: MIT
#include <bight/http.hpp>

#include "contract/contract.hpp"
#include "contract/site.hpp"

namespace contract {
namespace {

using http::client;
using http::response;

task<bool> say_path(site&, stream& peer, std::string asked) {
  co_await peer.send(page(path_of(asked)));
  co_return true;
}

BIGHT_SITE_TEST(http, a_page_in_two_lines, say_path) {
  auto page = co_await http::get(s.url("/a?b"));
  EXPECT_EQ(co_await page.text(), "/a?b");
  EXPECT_EQ(page.status(), 200);
  EXPECT_EQ(page.from().str(), s.url("/a?b"));
  EXPECT_EQ(page.peer(), s.at());
  EXPECT_EQ(field_of(s.requests[0], "Host"), s.at().str());
}

task<bool> say_lines(site&, stream& peer, std::string) {
  co_await peer.send(page("one\ntwo\n"));
  co_return true;
}

BIGHT_SITE_TEST(http, a_response_can_be_read_as_a_stream, say_lines) {
  auto page = co_await http::get(s.url());
  reader lines(page);
  std::string all;
  while (auto line = co_await lines.read_line()) all += line->str() + "|";
  EXPECT_EQ(all, "one|two|");
}

// ── Bodies ──────────────────────────────────────────────────────────────────────────────────────

constexpr std::uint64_t large = 20'000'000;

task<bool> say_pattern(site&, stream& peer, std::string asked) {
  const bool until_close = path_of(asked) == "/close";
  if (until_close)
    co_await peer.send("HTTP/1.1 200 OK\r\n\r\n");
  else
    co_await peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  std::uint64_t at = 0;
  char line[20];
  while (at < large) {
    const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(large - at, at % 30'000 + 1));
    const std::string_view bytes = pattern::at(at, n);
    at += bytes.size();
    const int length = std::snprintf(line, sizeof line, "%zx\r\n", bytes.size());
    if (until_close)
      co_await peer.send(bytes);
    else
      co_await peer.send(std::string_view(line, static_cast<std::size_t>(length)), bytes, "\r\n");
  }
  if (!until_close) co_await peer.send("0\r\n\r\n");
  co_return !until_close;
}

BIGHT_SITE_TEST(http, b01_a_large_body_comes_whole_in_every_framing, say_pattern) {
  for (const char* path : {"/chunked", "/close"}) {
    auto page = co_await http::get(s.url(path));
    std::uint64_t got = 0;
    std::size_t max = 1;
    while (auto bytes = co_await page.recv(max)) {
      EXPECT_LE(bytes.size(), max);
      EXPECT_TRUE(pattern::matches(got, bytes));
      got += bytes.size();
      max = max * 7 % 65521 + 1;
    }
    EXPECT_EQ(got, large);
    EXPECT_EQ(page.received(), large);
  }
}

task<bool> say_byte_by_byte(site&, stream& peer, std::string) {
  const std::string answer =
      "HTTP/1.1 103 Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\nT: v\r\n\r\n";
  for (const char& c : answer) {
    co_await peer.send(std::string_view(&c, 1));
    co_await sleep(0s);
  }
  co_return true;
}

BIGHT_SITE_TEST(http, h22_an_answer_that_comes_byte_by_byte_is_the_same, say_byte_by_byte) {
  client c;
  for (int i = 0; i < 2; ++i) {
    auto page = co_await c.get(s.url());
    EXPECT_EQ(co_await page.text(), "hello");
  }
  EXPECT_EQ(s.connections, 1u);
}

task<bool> cut_off(site&, stream& peer, std::string asked) {
  const std::string path = path_of(asked);
  if (path == "/nothing") co_return false;
  if (path == "/header") co_await peer.send("HTTP/1.1 200 OK\r\nCont");
  if (path == "/interim") co_await peer.send("HTTP/1.1 100 Continue\r\n\r\n");
  if (path == "/length") co_await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
  if (path == "/chunk")
    co_await peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
  if (path == "/reset") {
    co_await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
    co_await sleep(20ms);
    peer.abort();
  }
  co_return false;
}

BIGHT_SITE_TEST(http, h04_h05_h23_an_end_in_the_middle_is_an_error, cut_off) {
  for (const char* path : {"/header", "/interim", "/length", "/chunk"})
    EXPECT_TRUE(fails(co_await fetched(s.url(path)), errc::cut_short)) << path;
  auto nothing = co_await fetched(s.url("/nothing"));
  EXPECT_EQ(nothing.error().code(), http::errc::empty_reply);
  EXPECT_TRUE(fails(co_await fetched(s.url("/reset")), errc::reset));
}

BIGHT_SITE_TEST(http, an_error_tells_the_page_and_how_far_it_came, cut_off) {
  auto page = co_await http::get(s.url("/length"));
  const lease half = co_await page.recv();
  EXPECT_EQ(half, "half");
  auto rest = co_await attempt(page.recv());
  EXPECT_TRUE(fails(rest, errc::cut_short));
  EXPECT_EQ(rest.error().tried(), "GET " + s.url("/length"));
  EXPECT_EQ(rest.error().transferred(), 4u);
  EXPECT_TRUE(fails(co_await attempt(page.recv()), errc::cut_short));
}

BIGHT_SITE_TEST(http, text_has_a_limit, say_path) {
  auto page = co_await http::get(s.url("/12345"));
  auto text = co_await attempt(page.text(5));
  EXPECT_EQ(text.error().code(), http::errc::over_limit);
}

// ── Kept connections ────────────────────────────────────────────────────────────────────────────

BIGHT_SITE_TEST(http, one_connection_serves_request_after_request, say_path) {
  client c;
  for (int i = 0; i < 20; ++i) {
    auto page = co_await c.get(s.url("/" + std::to_string(i)));
    EXPECT_EQ(page.reused(), i > 0);
    EXPECT_EQ(co_await page.text(), "/" + std::to_string(i));
    if (i % 2 == 0) co_await some_turns(3);
  }
  EXPECT_EQ(s.connections, 1u);
  EXPECT_EQ(c.idle(), 1u);
}

BIGHT_SITE_TEST(http, a_body_that_is_not_read_takes_its_connection_along, say_path) {
  client c;
  {
    auto page = co_await c.get(s.url());
    EXPECT_EQ(page.status(), 200);
  }
  EXPECT_EQ(c.idle(), 0u);
  auto page = co_await c.get(s.url());
  EXPECT_FALSE(page.reused());
}

BIGHT_SITE_TEST(http, kept_connections_are_few_and_not_old, say_path) {
  http::options how;
  how.idle_max = 2;
  how.idle_time = 50ms;
  client c(how);
  {
    std::vector<response> pages;
    for (int i = 0; i < 4; ++i) pages.push_back(co_await c.get(s.url()));
    for (response& p : pages) EXPECT_EQ(co_await p.text(), "/");
  }
  EXPECT_EQ(c.idle(), 2u);
  co_await sleep(60ms);
  auto page = co_await c.get(s.url());
  EXPECT_FALSE(page.reused());
  EXPECT_EQ(c.idle(), 0u);
}

BIGHT_SITE_TEST(http, a_client_that_dies_leaves_its_responses_alone, say_path) {
  std::optional<client> c(std::in_place);
  auto page = co_await c->get(s.url("/x"));
  c.reset();
  EXPECT_EQ(co_await page.text(), "/x");
}

task<bool> close_behind(site& s, stream& peer, std::string asked) {
  co_await peer.send(page("ok"));
  if (s.requests.size() == 1 && path_of(asked) == "/then-close") co_return false;
  co_return true;
}

BIGHT_SITE_TEST(http, h16_a_connection_that_was_closed_meanwhile_costs_a_try, close_behind) {
  client c;
  auto first = co_await c.get(s.url("/then-close"));
  EXPECT_EQ(co_await first.text(), "ok");
  auto second = co_await c.get(s.url("/"));  // perhaps before the end has been seen
  EXPECT_EQ(co_await second.text(), "ok");
  EXPECT_EQ(s.connections, 2u);
}

// Closes the second request of a connection without a word, as a server does whose patience with
// idle connections ends at that moment.
task<bool> one_each(site& s, stream& peer, std::string) {
  static std::size_t answered;
  if (s.requests.size() == 1) answered = 0;
  if (answered++ == 1) {
    peer.abort();
    co_return false;
  }
  co_await peer.send(page("ok"));
  co_return true;
}

BIGHT_SITE_TEST(http, h16_a_stale_connection_is_retried_once, one_each) {
  client c;
  for (int i = 0; i < 2; ++i) {
    auto page = co_await c.get(s.url());
    EXPECT_EQ(co_await page.text(), "ok");
  }
  EXPECT_EQ(s.connections, 2u);
  EXPECT_EQ(s.requests.size(), 3u);
}

task<bool> never_twice(site& s, stream& peer, std::string) {
  if (s.requests.size() > 1) co_return false;
  co_await peer.send(page("ok"));
  co_return true;
}

BIGHT_SITE_TEST(http, h16_there_is_no_second_retry, never_twice) {
  client c;
  auto page = co_await c.get(s.url());
  EXPECT_EQ(co_await page.text(), "ok");
  auto again = co_await attempt(c.get(s.url()));
  EXPECT_EQ(again.error().code(), http::errc::empty_reply);
  EXPECT_EQ(s.requests.size(), 3u);
}

task<bool> half_then_gone(site& s, stream& peer, std::string) {
  if (s.requests.size() == 1) {
    co_await peer.send(page("ok"));
    co_return true;
  }
  co_await peer.send("HTTP/1.1 200");
  co_return false;
}

BIGHT_SITE_TEST(http, h16_no_retry_once_a_byte_of_the_answer_has_come, half_then_gone) {
  client c;
  auto page = co_await c.get(s.url());
  EXPECT_EQ(co_await page.text(), "ok");
  EXPECT_TRUE(fails(co_await attempt(c.get(s.url())), errc::cut_short));
  EXPECT_EQ(s.requests.size(), 2u);
}

task<bool> talkative(site& s, stream& peer, std::string asked) {
  co_await peer.send(page(path_of(asked)));
  if (path_of(asked) == "/together") co_return true;
  co_await s.release.wait();
  co_await peer.send(page("unasked"));
  co_return true;
}

BIGHT_SITE_TEST(http, h15_what_nobody_asked_for_ends_the_connection, talkative) {
  client c;
  auto page = co_await c.get(s.url("/one"));
  EXPECT_EQ(co_await page.text(), "/one");
  EXPECT_EQ(c.idle(), 1u);
  s.release.set();
  co_await sleep(20ms);
  auto next = co_await c.get(s.url("/together"));
  EXPECT_EQ(co_await next.text(), "/together");
  EXPECT_FALSE(next.reused());
}

task<bool> say_more(site&, stream& peer, std::string) {
  co_await peer.send(page("ok"), page("and more"));
  co_return true;
}

BIGHT_SITE_TEST(http, h06_extra_bytes_end_the_connection, say_more) {
  client c;
  auto page = co_await c.get(s.url());
  EXPECT_EQ(co_await page.text(), "ok");
  EXPECT_EQ(c.idle(), 0u);
}

}  // namespace
}  // namespace contract
