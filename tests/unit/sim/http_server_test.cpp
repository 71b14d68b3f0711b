// SPDX-License-Identifier: MIT
// A server of HTTP in a simulated world.
#include "base/names.hpp"
#include "unit/sim/net.hpp"

#include <bight/http_server.hpp>

#include <fmt/format.h>

namespace bight::sim_test {
namespace {

http::serve_options quiet() {
  http::serve_options how;
  how.server = silent();
  return how;
}

task<> say_all(http::exchange& x) {
  EXPECT_EQ(x.method(), "POST");
  EXPECT_EQ(x.version(), 11);
  EXPECT_EQ(x.fields().size(), 3u);
  EXPECT_TRUE(x.has("host"));
  EXPECT_EQ(x.get("host"), "b");
  EXPECT_EQ(x.peer().port() > 0, true);
  EXPECT_EQ(x.query("n").value_or(""), "1 2");
  EXPECT_EQ(x.path(), "/a");
  EXPECT_EQ(x.target(), "/a?n=1+2");
  EXPECT_EQ(x.length(), 5u);
  x.limit_body(10);
  x.set("X-A", "b");
  x.add("X-A", "c");
  x.close_after();
  EXPECT_FALSE(x.begun());
  const std::string body = co_await x.text();
  co_await x.begin(201);
  EXPECT_TRUE(x.begun());
  co_await x.send(body);
  co_await x.end();
}

TEST(sim_functions, served_pages) {
  two_hosts w;
  w.b.start([]() -> task<> { co_await http::serve(":80", say_all, quiet()); });
  w.a.run([]() -> task<> {
    auto peer = co_await tcp::connect("b:80");
    co_await peer.send(
        "POST /a?n=1+2 HTTP/1.1\r\nHost: b\r\nContent-Length: 5\r\nA: b\r\n\r\nhello");
    const std::string all = co_await recv_all(peer);
    EXPECT_TRUE(all.starts_with("HTTP/1.1 201 Created\r\nDate: ")) << all;
    EXPECT_TRUE(
        all.ends_with("X-A: b\r\nX-A: c\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n"
                      "\r\n5\r\nhello\r\n0\r\n\r\n"))
        << all;
  }());
}

TEST(sim_functions, a_connection_served_by_the_program) {
  two_hosts w;
  w.b.start([]() -> task<> {
    auto door = co_await tcp::listen(":80");
    auto peer = co_await door.accept();
    const http::handler handle([](http::exchange& x) -> task<> { co_await x.respond(200, "own"); });
    const http::serve_options how;
    co_await http::serve_connection(peer, handle, how);
  });
  w.a.run([]() -> task<> {
    auto page = co_await http::get("http://b/");
    EXPECT_EQ(co_await page.text(), "own");
  }());
}

TEST(sim_functions, routes_files_and_events) {
  two_hosts w;
  w.b.start([]() -> task<> {
    http::routes api;
    api.on("GET", "/events/{count}", [](http::exchange& x) -> task<> {
      http::event_stream events(x);
      EXPECT_EQ(events.last_id(), "");
      co_await events.comment("begin");
      for (int i = 0; i < std::stoi(std::string(x.parameter("count"))); ++i)
        co_await events.send(std::to_string(i));
    });
    api.on("GET", "/file", [](http::exchange& x) -> task<> {
      co_await http::send_file(x, "/etc/passwd", http::media_type("passwd"));
    });
    co_await http::serve(":80", api, quiet());
  });
  w.a.run([]() -> task<> {
    auto page = co_await http::get("http://b/events/2");
    EXPECT_EQ(co_await page.text(), ": begin\n\ndata: 0\n\ndata: 1\n\n");
    auto file = co_await http::get("http://b/file");
    EXPECT_EQ(file.head().get("Content-Type"), "application/octet-stream");
    EXPECT_EQ((co_await file.text()).size(), file.length());
    EXPECT_EQ(http::date_text(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(http::parse_date("Sun Nov  6 08:49:37 1994"), 784111777);
  }());
}

// Answers in pieces that are late and lost.
task<> say_much(http::exchange& x) {
  const std::string body = co_await x.text();
  for (int i = 0; i < 20; ++i) {
    co_await x.send(body);
    co_await sleep(3ms);
  }
}

task<> ask_much(std::string body) {
  auto peer = co_await tcp::connect("b:80");
  for (int i = 0; i < 3; ++i) {
    co_await peer.send(fmt::format("POST / HTTP/1.1\r\nHost: b\r\nContent-Length: {}\r\n{}\r\n",
                                   body.size(), i == 2 ? "Connection: close\r\n" : ""));
    co_await peer.send(body);
  }
  const std::string all = co_await recv_all(peer);
  std::string chunk = fmt::format("{:x}\r\n{}\r\n", body.size(), body);
  std::string whole;
  for (int i = 0; i < 20; ++i) whole += chunk;
  whole += "0\r\n\r\n";
  std::size_t count = 0;
  for (std::size_t at = all.find(whole); at != all.npos; at = all.find(whole, at + 1)) ++count;
  EXPECT_EQ(count, 3u);
}

TEST(sim_http_server, answers_are_whole_and_in_order_on_a_bad_network) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    two_hosts w(sim::world_options{.seed = seed});
    w.net.between(w.a, w.b) = {.latency = 10ms, .jitter = 10ms, .loss = 0.05};
    w.b.start([]() -> task<> { co_await http::serve(":80", say_much, quiet()); });
    w.a.run(ask_much(std::string(5000, 'x')));
  }
}

// The client's requests stop in the middle, and the server gives it up by its limits.
TEST(sim_http_server, a_partition_within_a_body_ends_by_the_minimum_rate) {
  two_hosts w;
  std::vector<int> statuses;
  w.b.start([&statuses]() -> task<> {
    http::serve_options how = quiet();
    how.on_answer = [&statuses](const http::access& a) { statuses.push_back(a.status); };
    co_await http::serve(":80", say_much, how);
  });
  w.net.after(1s, [&] { w.net.partition(w.a, w.b); });
  w.net.after(5min, [&] { w.net.heal(); });
  w.a.run([]() -> task<> {
    auto peer = co_await tcp::connect("b:80");
    co_await peer.send("POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 5000\r\n\r\nhello");
    static_cast<void>(co_await attempt(recv_all(peer)));
  }());
  EXPECT_EQ(statuses, std::vector<int>{408});
}

}  // namespace
}  // namespace bight::sim_test
