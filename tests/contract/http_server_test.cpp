// SPDX-License-Identifier: MIT
// What a server of HTTP sends for the bytes that a client sends.
#include <bight/http_server.hpp>

#include "contract/http_web.hpp"

#include <fmt/format.h>

namespace contract {
namespace {

using http::exchange;

const std::string get_a = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

task<> say_target(exchange& x) {
  const std::string said = fmt::format("{} {}", x.method(), x.target());
  co_await x.respond(200, said);
}

task<> say_body(exchange& x) {
  const std::string body = co_await x.text();
  co_await x.respond(200, body);
}

// ── Connections ─────────────────────────────────────────────────────────────────────────────────

BIGHT_WEB_TEST(http_server, an_answer_has_its_length_date_and_name, say_target) {
  const answer a = first_of(co_await w.ask(get_a));
  EXPECT_EQ(a.status, 200);
  EXPECT_EQ(a.body, "GET /a");
  EXPECT_EQ(a.field("Content-Length"), "6");
  EXPECT_EQ(a.field("Server"), "bight");
  EXPECT_EQ(a.field("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(a.field("Date").size(), std::string_view("Sun, 06 Nov 1994 08:49:37 GMT").size());
  EXPECT_EQ(a.field("Connection"), "keep-alive");
}

BIGHT_WEB_TEST(http_server, pipelined_requests_are_answered_in_order, say_target) {
  std::string all;
  for (int i = 0; i < 100; ++i) all += fmt::format("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", i);
  const auto answers = all_of(co_await w.ask(all));
  EXPECT_EQ(answers.size(), 100u);
  for (std::size_t i = 0; i < answers.size(); ++i)
    EXPECT_EQ(answers[i].body, fmt::format("GET /{}", i));
}

BIGHT_WEB_TEST(http_server, bodies_end_where_the_next_request_begins, say_body) {
  const std::string requests =
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello" + get_a +
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n"
      "Trailer: v\r\n\r\n" +
      get_a;
  for (const std::size_t size : {1u, 2u, 3u, 7u, 50u, 1000u}) {
    const auto answers = all_of(co_await w.ask_in_pieces(requests, size));
    EXPECT_EQ(bodies_of(answers), "hello||hello||") << size;
  }
}

BIGHT_WEB_TEST(http_server, the_client_decides_whether_its_connection_is_kept, say_target) {
  for (const char* end : {"Connection: close", "Connection: a, Close"}) {
    const auto answers = all_of(
        co_await w.ask(fmt::format("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n\r\n{}", end, get_a)));
    EXPECT_EQ(answers.size(), 1u);
    EXPECT_EQ(answers[0].field("Connection"), "close");
  }
  const auto old = all_of(co_await w.ask("GET / HTTP/1.0\r\n\r\n" + get_a));
  EXPECT_EQ(old.size(), 1u);
  EXPECT_EQ(old[0].field("Connection"), "close");
  EXPECT_EQ(
      all_of(co_await w.ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + get_a)).size(),
      2u);
}

BIGHT_WEB_TEST(http_server, an_invalid_request_is_answered_with_400_and_is_the_last, say_body) {
  const std::string host = "Host: x\r\n";
  for (const std::string& request :
       {"POST / HTTP/1.1\r\n" + host + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET / HTTP/1.1\r\n" + host + host + "\r\n", "GET / HTTP/1.1\r\n" + host + " a\r\n\r\n",
        std::string("GET / HTTP/1.1\r\n\r\n"), std::string("\x16\x03\x01\r\n\r\n"),
        "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\nz\r\n",
        "GET / HTTP/1.1\r\n" + host + "A: " + std::string(20000, 'b')}) {
    const auto answers = all_of(co_await w.ask(request + get_a));
    EXPECT_EQ(answers.size(), 1u) << request.substr(0, 100);
    if (answers.empty()) continue;
    EXPECT_EQ(answers[0].status, 400) << request.substr(0, 100);
    EXPECT_EQ(answers[0].field("Connection"), "close");
  }
  EXPECT_EQ(w.of.told(), "");
  EXPECT_EQ(w.log.front().refused, http::refusal::malformed);
  EXPECT_EQ(w.log[4].refused, http::refusal::tls);
  EXPECT_EQ(w.log.back().refused, http::refusal::too_large);
}

BIGHT_WEB_TEST(http_server, a_request_that_is_cut_off_is_reset, say_body) {
  for (const char* request :
       {"GET / HT", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhell"}) {
    auto peer = co_await tcp::connect(w.at());
    co_await peer.send(request);
    peer.shutdown_send();
    EXPECT_TRUE(fails(co_await attempt(recv_all(peer)), errc::reset)) << request;
  }
}

BIGHT_WEB_TEST(http_server, a_client_that_leaves_between_requests_is_no_error, say_target) {
  EXPECT_EQ(co_await w.ask(""), "");
  EXPECT_EQ(co_await w.ask("\r\n"), "");
  EXPECT_EQ(all_of(co_await w.ask(get_a)).size(), 1u);
  EXPECT_EQ(w.of.told(), "");
}

// ── Answers ─────────────────────────────────────────────────────────────────────────────────────

task<> say_in_pieces(exchange& x) {
  if (x.path() == "/length") co_await x.begin(200, 10);
  if (x.path() == "/gone") co_await x.begin(410);
  for (const char* piece : {"one,", "", "two,", "3\n"}) co_await x.send(piece);
}

BIGHT_WEB_TEST(http_server, a_streamed_answer_is_delimited_for_each_version, say_in_pieces) {
  const auto answers = all_of(co_await w.ask(
      get_a + "GET /length HTTP/1.1\r\nHost: x\r\n\r\nGET /gone HTTP/1.1\r\nHost: x\r\n\r\n"));
  EXPECT_EQ(bodies_of(answers), "one,two,3\n|one,two,3\n|one,two,3\n|");
  EXPECT_EQ(answers[0].field("Transfer-Encoding"), "chunked");
  EXPECT_EQ(answers[1].field("Content-Length"), "10");
  EXPECT_EQ(answers[2].status, 410);
  const std::string old = co_await w.ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_TRUE(old.ends_with("Connection: close\r\n\r\none,two,3\n")) << old;
  EXPECT_EQ(old.find("Transfer-Encoding"), old.npos);
}

BIGHT_WEB_TEST(http_server, head_is_get_without_the_body, say_in_pieces) {
  for (const char* path : {"/", "/length", "/gone"}) {
    const auto got =
        all_of(co_await w.ask(fmt::format("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", path)));
    const std::string head =
        co_await w.ask(fmt::format("HEAD {} HTTP/1.1\r\nHost: x\r\n\r\n", path));
    EXPECT_EQ(head.substr(0, head.find("Date")), got[0].head.substr(0, got[0].head.find("Date")));
    EXPECT_EQ(head.size(), got[0].head.size()) << head;
  }
}

task<> say_statuses(exchange& x) {
  const int status = std::stoi(std::string(x.path().substr(1)));
  co_await x.respond(status, "text");
}

BIGHT_WEB_TEST(http_server, some_statuses_have_no_body, say_statuses) {
  for (const int status : {204, 205, 304, 200, 599}) {
    const std::string said =
        co_await w.ask(fmt::format("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", status) + get_a);
    const bool bodiless = status == 204 || status == 205 || status == 304;
    EXPECT_EQ(said.find("text\r") == said.npos && said.find("\r\n\r\ntext") == said.npos, bodiless)
        << said;
    EXPECT_EQ(said.find("Content-Length: 4") == said.npos, bodiless) << said;
  }
}

task<> inject(exchange& x) {
  const std::string value = x.query("v").value_or("");
  int refused = 0;
  for (const auto& [name, text] : {std::pair<std::string, std::string>{"X-Said", value},
                                   {"X-" + value, "x"},
                                   {"Content-Length", "5"},
                                   {"Connection", "x"},
                                   {"Transfer-Encoding", "chunked"}}) {
    const auto set = [&](auto f) {
      try {
        (x.*f)(name, text);
      } catch (const error& e) {
        EXPECT_TRUE(e.is(errc::invalid));
        ++refused;
      }
    };
    set(&exchange::set);
    set(&exchange::add);
  }
  EXPECT_EQ(refused, 10);
  const auto typed = co_await attempt(x.respond(200, "x", value));
  EXPECT_TRUE(fails(typed, errc::invalid));
  co_await x.respond(200, "clean");
}

BIGHT_WEB_TEST(http_server, an_answer_cannot_be_split, inject) {
  for (const char* value :
       {"a%0d%0aSet-Cookie:%20x", "a%0ab", "a%0db", "a%00b", "%7f", "%0d%0a%0d%0a"}) {
    const auto answers =
        all_of(co_await w.ask(fmt::format("GET /?v={} HTTP/1.1\r\nHost: x\r\n\r\n", value)));
    EXPECT_EQ(bodies_of(answers), "clean|") << value;
    EXPECT_EQ(answers[0].head.find("Cookie"), std::string::npos);
    EXPECT_EQ(answers[0].field("X-Said"), "");
  }
}

task<> say_pattern_in_pieces(exchange& x) {
  for (std::uint64_t at = 0; at < 5'000'000;) {
    const std::string_view bytes = pattern::at(at, at % 9001 + 1);
    co_await x.send(bytes);
    at += bytes.size();
  }
}

BIGHT_WEB_TEST(http_server, a_long_answer_waits_for_a_slow_reader, say_pattern_in_pieces) {
  auto page = co_await http::get(w.url("/"));
  co_await some_turns(200);
  std::uint64_t got = 0;
  while (auto bytes = co_await page.recv()) {
    EXPECT_TRUE(pattern::matches(got, bytes));
    got += bytes.size();
  }
  EXPECT_GE(got, 5'000'000u);
}

task<> say_nothing(exchange& x) {
  if (x.path() == "/set") x.set("X-A", "b");
  co_return;
}

BIGHT_WEB_TEST(http_server, a_handler_that_says_nothing_answers_204, say_nothing) {
  const auto answers = all_of(co_await w.ask(get_a + "GET /set HTTP/1.1\r\nHost: x\r\n\r\n"));
  EXPECT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[0].status, 204);
  EXPECT_EQ(answers[1].field("X-A"), "b");
}

void send_more_fields(web& w) {
  w.how.fields.push_back({"X-Frame-Options", "DENY"});
  w.how.fields.push_back({"X-A", "default"});
  w.how.name = "";
}

BIGHT_WEB_TEST_WITH(http_server, fields_can_be_sent_with_every_answer, say_nothing,
                    send_more_fields) {
  const auto answers =
      all_of(co_await w.ask(get_a + "GET /set HTTP/1.1\r\nHost: x\r\n\r\nnonsense\r\n\r\n"));
  EXPECT_EQ(answers.size(), 3u);
  for (const answer& a : answers) EXPECT_EQ(a.field("X-Frame-Options"), "DENY");
  EXPECT_EQ(answers[0].field("X-A"), "default");
  EXPECT_EQ(answers[1].field("X-A"), "b");
  EXPECT_EQ(answers[2].status, 400);
  EXPECT_EQ(answers[0].field("Server"), "");
  EXPECT_NE(w.log.back().reason.find("malformed HTTP request: "), std::string::npos);
}

// ── Failures ────────────────────────────────────────────────────────────────────────────────────

struct broken_page {};

task<> fail_sometimes(exchange& x) {
  if (x.path() == "/early") throw error(errc::refused, "ask the database");
  if (x.path() == "/odd") throw broken_page();
  if (x.path() == "/short") {
    co_await x.begin(200, 10);
    co_await x.send("half");
  } else if (x.path() == "/long") {
    co_await x.begin(200, 2);
    co_await x.send("more");
  } else if (x.path() == "/twice") {
    co_await x.respond(200, "one");
    co_await x.respond(200, "two");
  } else {
    co_await x.send("half");
    throw error(errc::refused, "ask the database");
  }
}

BIGHT_WEB_TEST(http_server, a_handler_that_fails_before_its_answer_is_500, fail_sometimes) {
  for (const char* path : {"/early", "/odd"}) {
    const auto answers =
        all_of(co_await w.ask(fmt::format("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", path) + get_a));
    EXPECT_EQ(answers.size(), 1u);
    EXPECT_EQ(answers[0].status, 500);
    EXPECT_EQ(answers[0].field("Connection"), "close");
  }
  EXPECT_EQ(w.of.errors.size(), 2u) << w.of.told();
  EXPECT_NE(w.of.told().find("ask the database"), std::string::npos) << w.of.told();
}

BIGHT_WEB_TEST(http_server, a_handler_that_fails_in_its_answer_resets_the_connection,
               fail_sometimes) {
  for (const char* path : {"/late", "/short", "/long"}) {
    auto page = co_await http::get(w.url(path));
    const auto all = co_await attempt(page.text());
    EXPECT_FALSE(all.has_value()) << path;
    auto old = co_await tcp::connect(w.at());
    co_await old.send(fmt::format("GET {} HTTP/1.0\r\n\r\n", path));
    EXPECT_TRUE(fails(co_await attempt(recv_all(old)), errc::reset)) << path;
  }
  EXPECT_EQ(w.of.errors.size(), 6u) << w.of.told();
  EXPECT_FALSE(w.log.front().complete);
}

BIGHT_WEB_TEST(http_server, a_second_answer_is_an_error_after_the_first, fail_sometimes) {
  const auto answers = all_of(co_await w.ask("GET /twice HTTP/1.1\r\nHost: x\r\n\r\n" + get_a));
  EXPECT_EQ(bodies_of(answers), "one|");
  EXPECT_EQ(w.of.errors.size(), 1u) << w.of.told();
}

}  // namespace
}  // namespace contract
