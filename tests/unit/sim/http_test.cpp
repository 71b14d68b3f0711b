// SPDX-License-Identifier: MIT
// HTTP in a simulated world.
#include "base/names.hpp"
#include "unit/sim/net.hpp"

#include <bight/http.hpp>

namespace bight::sim_test {
namespace {

// Whether a connection goes on behind an answer, and how many there were.
struct site {
  bool leaves = false;
  bool says_nothing = false;
  int connections = 0;
  int requests = 0;
};

task<> answer(site& s, stream peer) {
  ++s.connections;
  reader in(peer);
  for (;;) {
    auto asked = co_await attempt(in.read_until("\r\n\r\n"));
    if (!asked) co_return;
    ++s.requests;
    if (s.says_nothing) co_return;
    if (asked->view().starts_with("GET /moved"))
      co_await peer.send("HTTP/1.1 301 Moved\r\nLocation: /\r\nContent-Length: 0\r\n\r\n");
    else if (asked->view().starts_with("HEAD"))
      co_await peer.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
    else
      co_await peer.send("HTTP/1.1 200 OK\r\nServer: b\r\nContent-Length: 4\r\n\r\npage");
    if (s.leaves) co_return;
  }
}

callback<task<>()> serve(site& s) {
  return [&s]() -> task<> {
    tcp::handler handle([&s](stream peer) -> task<> { co_await answer(s, std::move(peer)); });
    co_await tcp::serve(":80", std::move(handle), silent());
  };
}

TEST(sim_functions, pages) {
  site s;
  two_hosts w;
  w.b.start(serve(s));
  const auto body = []() -> task<> {
    auto page = co_await http::get("http://b/moved");
    EXPECT_EQ(page.status(), 200);
    EXPECT_EQ(page.head().get("server"), "b");
    EXPECT_EQ(page.head().text().substr(0, 8), "HTTP/1.1");
    EXPECT_EQ(page.from().resolve("/x").str(), "http://b/x");
    EXPECT_EQ(page.from().authority(), "b");
    EXPECT_EQ(page.from().origin(), "http://b");
    EXPECT_EQ(page.from().target(), "/");
    EXPECT_EQ(page.from().host(), page.from().at().host());
    EXPECT_FALSE(page.from().secure());
    EXPECT_EQ(page.length(), 4u);
    EXPECT_FALSE(page.encoded());
    EXPECT_TRUE(page.reused());  // the redirect had it
    EXPECT_EQ(page.peer().port(), 80);
    EXPECT_EQ(co_await page.recv(2), "pa");
    EXPECT_EQ(co_await page.text(), "ge");
    EXPECT_EQ(page.received(), 4u);
    http::request what("http://b/");
    what.head = true;
    what.fields.push_back({"X-Name", "value"});
    http::check_fields(what.fields);
    EXPECT_TRUE(http::same_name("X-Name", "x-name"));
    EXPECT_EQ(http::ascii_host("b\u00FCcher.example"), "xn--bcher-kva.example");
    EXPECT_TRUE(http::has_coded_name("lib.tar.gz"));
    http::client web;
    auto head = co_await web.get(what);
    EXPECT_EQ(co_await head.text(), "");
    EXPECT_EQ(web.idle(), 1u);
    EXPECT_EQ(web.how().idle_max, 8u);
    EXPECT_EQ(make_error_code(http::errc::malformed).category(), http::category());
  };
  w.a.run(body());
}

task<> fetch_twice(duration between) {
  http::client web;
  for (int i = 0; i < 2; ++i) {
    auto page = co_await web.get("http://b/");
    EXPECT_EQ(co_await page.text(), "page");
    if (i == 0) co_await sleep(between);
  }
}

TEST(sim_functions, pages_through_a_proxy) {
  site s;
  two_hosts w;
  w.b.start(serve(s));
  const auto body = []() -> task<> {
    http::options how;
    how.proxy_for = [](const http::url&) { return http::proxy("http://b:80"); };
    auto page = co_await http::get("http://elsewhere/", how);
    EXPECT_EQ(co_await page.text(), "page");
  };
  w.a.run(body());
}

TEST(sim_http, a_kept_connection_that_has_ended_costs_one_retry) {
  // The server leaves behind its answer: its end arrives with that, a moment later, or only when
  // the next request is on its way.
  for (const duration between : {0ms, 1ms, 10ms, 1000ms}) {
    site s;
    s.leaves = true;
    two_hosts w;
    w.b.start(serve(s));
    w.a.run(fetch_twice(between));
    EXPECT_EQ(s.connections, 2);
    EXPECT_EQ(s.requests, 2);
  }
}

TEST(sim_http, a_server_that_always_hangs_up_is_not_retried_for_ever) {
  site s;
  two_hosts w;
  w.b.start(serve(s));
  const auto body = [](site& there) -> task<> {
    http::client web;
    auto page = co_await web.get("http://b/");
    EXPECT_EQ(co_await page.text(), "page");
    there.says_nothing = true;
    auto again = co_await attempt(web.get("http://b/"));
    EXPECT_EQ(again.error().code(), make_error_code(http::errc::empty_reply));
  };
  w.a.run(body(s));
  EXPECT_EQ(s.connections, 2);
  EXPECT_EQ(s.requests, 3);  // on the kept connection, and once more on a fresh one
}

}  // namespace
}  // namespace bight::sim_test
