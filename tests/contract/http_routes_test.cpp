// SPDX-License-Identifier: MIT
// Routes, files and server-sent events of a server of HTTP.
#include <bight/http_server.hpp>

#include "contract/http_web.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>

namespace contract {
namespace {

using http::exchange;

std::string request_of(std::string_view method, std::string_view path,
                       std::string_view fields = {}) {
  return fmt::format("{} {} HTTP/1.1\r\nHost: x\r\n{}\r\n", method, path, fields);
}

// ── Routes ──────────────────────────────────────────────────────────────────────────────────────

http::handler say(const char* name) {
  return http::handler([name](exchange& x) -> task<> {
    const std::string said = fmt::format("{} {}{}", name, x.parameter("id"), x.parameter("rest"));
    co_await x.respond(200, said);
  });
}

http::handler table() {
  http::routes api;
  api.on("GET", "/", say("root"));
  api.on("GET", "/items/{id}", say("one"));
  api.on("GET", "/items/new", say("new"));
  api.on("GET", "/items/{rest...}", say("rest"));
  api.on("POST", "/items", say("add"));
  api.on("DELETE", "/items/{id}", say("delete"));
  api.on("GET", "/items/{id}/parts/{rest}", say("part"));
  api.on("GET", "/a b", say("blank"));
  api.on("HEAD", "/own", say("own"));
  api.on("GET", "/own", say("own"));
  return http::handler(std::move(api));
}

BIGHT_WEB_TEST(http_routes, a_request_goes_to_the_most_specific_pattern, table()) {
  for (const auto& [method, path, said] : {std::tuple{"GET", "/", "root "},
                                           {"GET", "/items/7", "one 7"},
                                           {"GET", "/items/7?x=y", "one 7"},
                                           {"GET", "http://x/items/7", "one 7"},
                                           {"GET", "/items/a%2Fb%20c", "one a/b c"},
                                           {"GET", "/items/new", "new "},
                                           {"GET", "/items/%6eew", "new "},
                                           {"GET", "/items/a/b/c", "rest a/b/c"},
                                           {"GET", "/items/", "rest "},
                                           {"POST", "/items", "add "},
                                           {"DELETE", "/items/new", "delete new"},
                                           {"GET", "/items/7/parts/8", "part 78"},
                                           {"GET", "/a%20b", "blank "}}) {
    const answer a = first_of(co_await w.ask(request_of(method, path)));
    EXPECT_EQ(a.status, 200) << path;
    EXPECT_EQ(a.body, said) << path;
  }
}

BIGHT_WEB_TEST(http_routes, an_unknown_path_is_404_and_a_known_one_405_with_allow, table()) {
  for (const char* path : {"/no", "/items", "/a+b", "//", "/a%20b/", "*"}) {
    const answer a = first_of(co_await w.ask(request_of("GET", path)));
    EXPECT_EQ(a.status, path == std::string_view("/items") ? 405 : 404) << path;
  }
  const answer put = first_of(co_await w.ask(request_of("PUT", "/items/7")));
  EXPECT_EQ(put.status, 405);
  EXPECT_EQ(put.field("Allow"), "GET, HEAD, DELETE");
  EXPECT_EQ(first_of(co_await w.ask(request_of("get", "/"))).status, 405);
}

BIGHT_WEB_TEST(http_routes, head_is_answered_by_get, table()) {
  for (const char* path : {"/items/7", "/own"}) {
    const std::string head = co_await w.ask(request_of("HEAD", path));
    EXPECT_TRUE(head.starts_with("HTTP/1.1 200 ")) << head;
    EXPECT_TRUE(head.ends_with("\r\n\r\n")) << head;
    EXPECT_NE(head.find("Content-Length: "), head.npos) << head;
  }
}

TEST(http_routes, a_wrong_pattern_is_refused) {
  for (const char* pattern :
       {"", "a", "/{}", "/{...}", "/{a...}/b", "/{a}/{a}", "/x{a}", "/{a}{b}", "/{a", "/a}"}) {
    http::routes r;
    EXPECT_THROW(r.on("GET", pattern, say("x")), error) << pattern;
  }
  http::routes twice;
  twice.on("GET", "/{a}", say("x"));
  twice.on("PUT", "/{a}", say("x"));
  twice.on("GET", "/a", say("x"));
  EXPECT_THROW(twice.on("GET", "/{b}", say("x")), error);
}

// ── Files ───────────────────────────────────────────────────────────────────────────────────────

// A file that is removed at the end.
class temporary_file {
 public:
  explicit temporary_file(std::string_view text) {
    std::string name = "/tmp/bight-http-XXXXXX";
    static_cast<void>(::mkstemp(name.data()));
    path_ = name;
    std::ofstream(path_) << text;
  }
  temporary_file(const temporary_file&) = delete;
  ~temporary_file() { static_cast<void>(std::remove(path_.c_str())); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string served_path;  // of the test that runs

task<> say_file(exchange& x) {
  if (x.path() == "/no") co_return co_await http::send_file(x, "/nowhere/at/all", "text/plain");
  if (x.path() == "/folder") co_return co_await http::send_file(x, "/tmp", "text/plain");
  co_await http::send_file(x, served_path, http::media_type("a.TXT"));
}

BIGHT_WEB_TEST(http_files, a_file_is_sent_whole_in_part_or_not_at_all, say_file) {
  std::string text;
  for (int i = 0; i < 30'000; ++i) text += fmt::format("{:09}\n", i);
  const temporary_file file(text);
  served_path = file.path();
  const answer all = first_of(co_await w.ask(request_of("GET", "/")));
  EXPECT_EQ(all.body, text);
  EXPECT_EQ(all.field("Content-Type"), "text/plain; charset=utf-8");
  EXPECT_EQ(all.field("Accept-Ranges"), "bytes");
  const std::string tag = all.field("ETag");
  const std::string date = all.field("Last-Modified");
  EXPECT_TRUE(http::parse_date(date).has_value()) << date;

  const answer part = first_of(co_await w.ask(request_of("GET", "/", "Range: bytes=10-18\r\n")));
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.body, "000000001");
  EXPECT_EQ(part.field("Content-Range"), "bytes 10-18/300000");
  for (const auto& [fields, status] :
       {std::pair{fmt::format("If-None-Match: {}\r\n", tag), 304},
        {fmt::format("If-Modified-Since: {}\r\n", date), 304},
        {std::string("If-None-Match: \"x\"\r\n"), 200},
        {std::string("If-Match: \"x\"\r\n"), 412},
        {std::string("If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n"), 412},
        {fmt::format("Range: bytes=0-9\r\nIf-Range: {}\r\n", tag), 206},
        {std::string("Range: bytes=0-9\r\nIf-Range: \"x\"\r\n"), 200},
        {std::string("Range: bytes=300000-\r\n"), 416},
        {std::string("Range: bytes=0-1,3-4\r\n"), 200}}) {
    const std::string said = co_await w.ask(request_of("HEAD", "/", fields));
    const std::string got = co_await w.ask(request_of("GET", "/", fields));
    const bool ranged = status == 206 || status == 416;
    EXPECT_EQ(std::stoi(said.substr(9)), ranged ? 200 : status) << fields;
    EXPECT_EQ(std::stoi(got.substr(9)), status) << fields;
  }
}

BIGHT_WEB_TEST(http_files, a_missing_file_is_404_and_another_method_405, say_file) {
  const temporary_file file("text");
  served_path = file.path();
  EXPECT_EQ(first_of(co_await w.ask(request_of("GET", "/no"))).status, 404);
  EXPECT_EQ(first_of(co_await w.ask(request_of("GET", "/folder"))).status, 404);
  const answer put = first_of(co_await w.ask(request_of("PUT", "/")));
  EXPECT_EQ(put.status, 405);
  EXPECT_EQ(put.field("Allow"), "GET, HEAD");
}

// ── Server-sent events ──────────────────────────────────────────────────────────────────────────

task<> say_events(exchange& x) {
  http::event_stream events(x);
  co_await events.send("hello");
  co_await events.send("two\nlines\r\nor\rfour", "named", events.last_id() + "1");
  co_await events.comment();
  for (const char* wrong : {"a\nb", "a\rb"}) {
    const auto sent = co_await attempt(events.send("x", wrong));
    EXPECT_TRUE(fails(sent, errc::invalid));
  }
  const auto sent = co_await attempt(events.send("x", "", std::string_view("a\0b", 3)));
  EXPECT_TRUE(fails(sent, errc::invalid));
}

BIGHT_WEB_TEST(http_events, are_lines_that_a_browser_reads, say_events) {
  const answer a = first_of(co_await w.ask(request_of("GET", "/", "Last-Event-ID: 4\r\n")));
  EXPECT_EQ(a.field("Content-Type"), "text/event-stream");
  EXPECT_EQ(a.field("Cache-Control"), "no-store");
  EXPECT_EQ(a.body,
            "data: hello\n\n"
            "event: named\nid: 41\ndata: two\ndata: lines\ndata: or\ndata: four\n\n"
            ": \n\n");
}

task<> say_events_for_ever(exchange& x) {
  http::event_stream events(x);
  for (int i = 0;; ++i) {
    co_await events.send(std::to_string(i));
    co_await sleep(1ms);
  }
}

BIGHT_WEB_TEST(http_events, end_at_once_for_head, say_events_for_ever) {
  const std::string head = co_await w.ask(request_of("HEAD", "/"));
  EXPECT_NE(head.find("Content-Type: text/event-stream\r\n"), head.npos) << head;
  EXPECT_TRUE(head.ends_with("\r\n\r\n"));
  EXPECT_EQ(w.of.told(), "");
}

BIGHT_WEB_TEST(http_events, end_when_the_client_has_left, say_events_for_ever) {
  {
    auto page = co_await http::get(w.url());
    EXPECT_EQ((co_await page.recv(7)), "data: 0");
  }
  while (w.log.empty()) co_await sleep(1ms);
  EXPECT_FALSE(w.log.front().complete);
}

}  // namespace
}  // namespace contract
