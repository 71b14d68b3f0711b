// SPDX-License-Identifier: MIT
// Assigning to what owns a connection lets go of the connection that it had.
#include <bight/http.hpp>
#include <bight/stream.hpp>
#include <bight/tcp.hpp>
#include <bight/udp.hpp>

#include "contract/contract.hpp"
#include "contract/site.hpp"
#include "contract/tls_pair.hpp"

#include <vector>

namespace contract {

namespace {

// What moves an object onto itself, hidden from a compiler that would warn of it.
template <class T>
T& same(T& t) {
  return t;
}

}  // namespace

BIGHT_TEST(moving, to_a_stream_closes_the_connection_that_it_had) {
  auto old = co_await connected();
  auto next = co_await connected();
  old.here = std::move(next.here);
  EXPECT_TRUE((co_await old.there.recv()).empty());
  EXPECT_FALSE(static_cast<bool>(next.here));
  co_await next.there.send("on");
  EXPECT_EQ(co_await old.here.recv(), "on");
  old.here = stream();
  EXPECT_TRUE((co_await next.there.recv()).empty());
}

BIGHT_TEST(moving, a_stream_onto_itself_changes_nothing) {
  auto pair = co_await connected();
  pair.here = std::move(same(pair.here));
  co_await pair.there.send("on");
  EXPECT_EQ(co_await pair.here.recv(), "on");
}

BIGHT_TEST(moving, to_a_stream_ends_what_was_in_flight_on_it) {
  auto old = co_await connected();
  auto next = co_await connected();
  auto waits = [](stream& from) -> task<> {
    auto outcome = co_await attempt(from.recv());
    EXPECT_TRUE(fails(outcome, errc::cancelled));
  };
  scope side(co_await current_context());
  side.spawn(waits(old.here));
  co_await some_turns();
  old.here = std::move(next.here);
  co_await side.join();
  EXPECT_TRUE((co_await old.there.recv()).empty());
}

BIGHT_TEST(moving, out_of_a_vector_of_streams_closes_the_one_that_is_erased) {
  auto first = co_await connected();
  auto second = co_await connected();
  std::vector<stream> all;
  all.push_back(std::move(first.here));
  all.push_back(std::move(second.here));
  all.erase(all.begin());  // which assigns the second to the first
  EXPECT_TRUE((co_await first.there.recv()).empty());
  co_await second.there.send("on");
  EXPECT_EQ(co_await all.front().recv(), "on");
}

BIGHT_TEST(moving, to_a_tls_stream_closes_the_old_connection_in_order) {
  auto old = co_await connected_by_tls();
  auto next = co_await connected();
  old.here = std::move(next.here);
  EXPECT_TRUE((co_await old.there.recv()).empty());
}

BIGHT_TEST(moving, to_a_listener_closes_the_socket_that_it_had) {
  auto listening = co_await tcp::listen("127.0.0.1:0");
  auto next = co_await tcp::listen("127.0.0.1:0");
  const address old_at = listening.local();
  const address new_at = next.local();
  listening = std::move(next);
  auto refused = co_await attempt(tcp::connect(old_at));
  EXPECT_TRUE(fails(refused, errc::refused));
  listening = std::move(same(listening));
  auto client = co_await tcp::connect(new_at);
  auto accepted = co_await listening.accept();
  EXPECT_EQ(accepted.remote(), client.local());
}

BIGHT_TEST(moving, to_a_udp_socket_closes_the_socket_that_it_had) {
  auto socket = co_await udp::bind("127.0.0.1:0");
  auto next = co_await udp::bind("127.0.0.1:0");
  const address old_at = socket.local();
  const address new_at = next.local();
  socket = std::move(next);
  socket = std::move(same(socket));
  EXPECT_EQ(socket.local(), new_at);
  auto again = co_await udp::bind(old_at);
  EXPECT_EQ(again.local(), old_at);
}

BIGHT_TEST(moving, to_a_reader_discards_its_bytes_and_takes_the_others) {
  auto one = co_await connected();
  auto two = co_await connected();
  co_await one.there.send("old\nold");
  co_await two.there.send("new\nrest");
  reader in(one.here);
  reader next(two.here);
  EXPECT_EQ((co_await in.read_line()).value(), "old");
  EXPECT_EQ((co_await next.read_line()).value(), "new");
  in = std::move(next);
  in = std::move(same(in));
  EXPECT_EQ(next.buffered(), 0u);
  EXPECT_EQ(in.buffered(), 4u);
  EXPECT_EQ(co_await in.recv(), "rest");
}

namespace {

task<bool> say_one_page(site&, stream& peer, std::string) {
  co_await peer.send(page("page"));
  co_return true;
}

}  // namespace

BIGHT_SITE_TEST(moving, to_an_http_client_closes_the_connections_that_it_kept, say_one_page) {
  http::client one;
  http::client other;
  auto held = co_await one.get(s.url());  // holds the client's state, too
  {
    auto first = co_await one.get(s.url());
    EXPECT_EQ(co_await first.text(), "page");
  }
  EXPECT_EQ(one.idle(), 1u);
  one = std::move(other);
  EXPECT_EQ(co_await held.text(), "page");
  one = std::move(same(one));
  EXPECT_EQ(one.idle(), 0u);
  auto next = co_await one.get(s.url());
  EXPECT_EQ(co_await next.text(), "page");
  EXPECT_EQ(s.connections, 3u);
}

BIGHT_SITE_TEST(moving, to_an_http_response_ends_the_one_that_it_was, say_one_page) {
  http::client one;
  auto page = co_await one.get(s.url());
  auto next = co_await one.get(s.url());
  page = std::move(next);
  page = std::move(same(page));
  EXPECT_EQ(co_await page.text(), "page");
  EXPECT_EQ(one.idle(), 1u);
}

}  // namespace contract
