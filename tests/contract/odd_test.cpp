// SPDX-License-Identifier: MIT
// Odd situations, in which a simulated network must be neither kinder nor crueller than the kernel.
#include <bight/unix_socket.hpp>

#include "base/names.hpp"
#include "contract/contract.hpp"

#include <array>

#include <unistd.h>

namespace contract {

namespace {

// A name for a unix socket of the test's own, in no folder.
std::string abstract_name(const char* of) {
  return "@bight-odd-" + std::to_string(getpid()) + "-" + of;
}

task<ends> connected_by_unix(const char* of) {
  co_return co_await connected("unix:" + abstract_name(of));
}

template <class T>
testing::AssertionResult refuses(T& socket, option<int> o, int value, errc expected) {
  try {
    socket.set(o, value);
  } catch (const error& e) {
    if (e.is(expected)) return testing::AssertionSuccess();
    return testing::AssertionFailure() << value << ": " << e.what();
  }
  return testing::AssertionFailure() << value << " is taken";
}

}  // namespace

// ── Unix sockets ────────────────────────────────────────────────────────────────────────────────

BIGHT_TEST(odd_unix, a_close_with_bytes_unread_is_a_reset) {
  auto pair = co_await connected_by_unix("unread");
  co_await pair.there.send("unread");
  co_await some_turns();
  pair.here.close();
  auto reset = co_await attempt(pair.there.recv());
  EXPECT_TRUE(fails(reset, errc::reset));
  auto again = co_await attempt(pair.there.recv());
  EXPECT_TRUE(fails(again, errc::reset));
  auto sent = co_await attempt(pair.there.send("x"));
  EXPECT_TRUE(fails(sent, errc::closed));
}

BIGHT_TEST(odd_unix, a_reply_before_such_a_close_is_read_first) {
  auto pair = co_await connected_by_unix("reply");
  co_await pair.there.send("unread");
  co_await pair.here.send("reply");
  pair.here.close();
  EXPECT_EQ(co_await recv_exactly(pair.there, 5), "reply");
  auto reset = co_await attempt(pair.there.recv());
  EXPECT_TRUE(fails(reset, errc::reset));
  auto again = co_await attempt(pair.there.recv());
  EXPECT_TRUE(fails(again, errc::reset));
}

BIGHT_TEST(odd_unix, an_abort_is_an_end) {
  auto pair = co_await connected_by_unix("abort");
  co_await pair.here.send("last");
  pair.here.abort();
  EXPECT_EQ(co_await recv_all(pair.there), "last");
  auto sent = co_await attempt(pair.there.send("x"));
  EXPECT_TRUE(fails(sent, errc::closed));
}

BIGHT_TEST(odd_unix, a_listener_that_closes_resets_connections_not_accepted) {
  const std::string name = abstract_name("listener");
  auto listening = co_await unix_socket::listen(name);
  auto silent = co_await unix_socket::connect(name);
  auto talker = co_await unix_socket::connect(name);
  co_await talker.send("hello");
  co_await some_turns();
  listening.close();
  auto first = co_await attempt(silent.recv());
  EXPECT_TRUE(fails(first, errc::reset));
  auto second = co_await attempt(talker.recv());
  EXPECT_TRUE(fails(second, errc::reset));
}

BIGHT_TEST(odd_unix, many_unread_bytes_are_a_reset_after_the_answer) {
  auto pair = co_await connected_by_unix("many");
  co_await pair.there.send("unread");
  const std::string answer = pattern::first(60'000);
  co_await pair.here.send(answer);
  pair.here.close();
  const std::string got = co_await recv_exactly(pair.there, answer.size());
  EXPECT_TRUE(got == answer);
  auto reset = co_await attempt(pair.there.recv());
  EXPECT_TRUE(fails(reset, errc::reset));
}

BIGHT_TEST(odd_unix, options_of_networks_are_refused) {
  auto pair = co_await connected_by_unix("options");
  EXPECT_TRUE(refuses(pair.here, options::keep_alive_idle, 10, errc::not_supported));
  EXPECT_TRUE(refuses(pair.here, options::user_timeout, 10, errc::not_supported));
  EXPECT_TRUE(refuses(pair.here, options::hop_limit, 10, errc::not_supported));
  EXPECT_TRUE(refuses(pair.here, options::traffic_class, 8, errc::not_supported));
  pair.here.set(options::keep_alive, true);
  EXPECT_THROW(static_cast<void>(pair.here.get(options::hop_limit)), error);
  EXPECT_THROW(pair.here.set(options::only_ip6, true), error);
  EXPECT_THROW(pair.here.set(options::reuse_port, true), error);
  EXPECT_FALSE(pair.here.get(options::reuse_port));
}

BIGHT_TEST(odd_unix, the_end_may_be_sent_after_a_send_has_failed) {
  auto pair = co_await connected_by_unix("failed");
  co_await pair.there.send("unread");
  co_await some_turns();
  pair.here.close();
  auto reset = co_await attempt(pair.there.recv());
  EXPECT_TRUE(fails(reset, errc::reset));
  auto sent = co_await attempt(pair.there.send("x"));
  EXPECT_TRUE(fails(sent, errc::closed));
  EXPECT_NO_THROW(pair.there.shutdown_send());
}

// ── Destinations ────────────────────────────────────────────────────────────────────────────────

BIGHT_TEST(odd_destinations, a_connect_to_many_is_refused) {
  for (const char* to : {"224.0.0.1:9", "239.1.2.3:9", "255.255.255.255:9", "127.255.255.255:9",
                         "[ff02::1]:9", "[ff0e::1]:9"}) {
    auto outcome = co_await attempt(tcp::connect(to));
    EXPECT_TRUE(fails(outcome, errc::unreachable)) << to;
  }
}

BIGHT_TEST(odd_destinations, the_unspecified_address_is_the_loopback_address) {
  auto listening = co_await tcp::listen("127.0.0.1:0");
  const std::string port = std::to_string(listening.local().port());
  auto client = co_await tcp::connect("0.0.0.0:" + port);
  EXPECT_EQ(client.remote(), listening.local());
  EXPECT_EQ(client.local().host(), "127.0.0.1");
  tcp::connect_options how;
  how.from = address(":0");
  auto other = co_await tcp::connect("127.0.0.1:" + port, how);
  EXPECT_EQ(other.local().host(), "127.0.0.1");
}

BIGHT_TEST(odd_destinations, an_ip6_socket_has_no_route_to_an_ip4_address) {
  auto bound = co_await udp::bind("[::1]:0");
  auto outcome = co_await attempt(bound.send_to("127.0.0.1:9", "x"));
  EXPECT_TRUE(fails(outcome, errc::unreachable));
}

BIGHT_TEST(odd_destinations, a_link_local_address_needs_its_interface) {
  auto outcome = co_await attempt(tcp::connect("[fe80::1]:9"));
  EXPECT_TRUE(fails(outcome, errc::invalid));
  auto bound = co_await attempt(tcp::listen("[fe80::1]:0"));
  EXPECT_TRUE(fails(bound, errc::invalid));
  auto datagrams = co_await attempt(udp::connect("[fe80::1]:9"));
  EXPECT_TRUE(fails(datagrams, errc::invalid));
  auto group = co_await attempt(udp::connect("[ff02::1]:9"));
  EXPECT_TRUE(fails(group, errc::invalid));
}

BIGHT_TEST(odd_destinations, a_broadcast_needs_its_option) {
  for (const char* to : {"255.255.255.255:9", "127.255.255.255:9"}) {
    auto outcome = co_await attempt(udp::connect(to));
    EXPECT_TRUE(fails(outcome, errc::denied)) << to;
    auto from = co_await udp::bind("127.0.0.1:0");
    auto sent = co_await attempt(from.send_to(to, "x"));
    EXPECT_TRUE(fails(sent, errc::denied)) << to;
  }
}

BIGHT_TEST(odd_destinations, every_address_of_the_loopback_network_is_ours) {
  auto listening = co_await tcp::listen("127.9.9.9:0");
  auto client = co_await tcp::connect(listening.local());
  EXPECT_EQ(client.remote(), listening.local());
}

BIGHT_TEST(odd_destinations, a_datagram_has_a_largest_size_for_each_family) {
  for (const auto& [at, most] : {std::pair("127.0.0.1:0", 65507u), std::pair("[::1]:0", 65527u)}) {
    auto to = co_await udp::bind(at);
    auto from = co_await udp::bind(at);
    const std::string fits(most, 'x');
    const std::string more(most + 1, 'x');
    co_await from.send_to(to.local(), fits);
    auto sent = co_await attempt(from.send_to(to.local(), more));
    EXPECT_TRUE(fails(sent, errc::message_too_large)) << at;
    EXPECT_EQ((co_await to.recv()).data.size(), most) << at;
  }
}

// ── Options ─────────────────────────────────────────────────────────────────────────────────────

BIGHT_TEST(odd_options, values_out_of_range_are_refused) {
  auto pair = co_await connected();
  for (const int value : {-1, 0, 32768})
    EXPECT_TRUE(refuses(pair.here, options::keep_alive_idle, value, errc::invalid));
  for (const int value : {-1, 0, 32768})
    EXPECT_TRUE(refuses(pair.here, options::keep_alive_interval, value, errc::invalid));
  for (const int value : {-1, 0, 128})
    EXPECT_TRUE(refuses(pair.here, options::keep_alive_count, value, errc::invalid));
  EXPECT_TRUE(refuses(pair.here, options::user_timeout, -1, errc::invalid));
  for (const int value : {-2, 0, 256})
    EXPECT_TRUE(refuses(pair.here, options::hop_limit, value, errc::invalid));
  pair.here.set(options::hop_limit, 7);
  pair.here.set(options::hop_limit, -1);
  EXPECT_EQ(pair.here.get(options::hop_limit), 64);
  pair.here.set(options::traffic_class, 255);
  EXPECT_EQ(pair.here.get(options::traffic_class), 252);  // ECN is TCP's
}

BIGHT_TEST(odd_options, the_minimum_and_the_maximum_values_are_accepted) {
  auto pair = co_await connected();
  const auto keeps = [&pair](const option<int>& id, int value) {
    pair.here.set(id, value);
    return pair.here.get(id) == value;
  };
  for (const int value : {1, 32767}) {
    EXPECT_TRUE(keeps(options::keep_alive_idle, value)) << value;
    EXPECT_TRUE(keeps(options::keep_alive_interval, value)) << value;
  }
  for (const int value : {1, 127}) EXPECT_TRUE(keeps(options::keep_alive_count, value)) << value;
  for (const int value : {1, 255}) EXPECT_TRUE(keeps(options::hop_limit, value)) << value;
  EXPECT_TRUE(keeps(options::user_timeout, 1));
  EXPECT_TRUE(keeps(options::user_timeout, 0));
  pair.here.set(options::linger, -5);
  EXPECT_EQ(pair.here.get(options::linger), -1);
  auto socket = co_await udp::bind("127.0.0.1:0");
  socket.set(options::traffic_class, 255);
  EXPECT_EQ(socket.get(options::traffic_class), 255);
  EXPECT_FALSE(socket.get(options::broadcast));
  socket.set(options::broadcast, true);
  EXPECT_TRUE(socket.get(options::broadcast));
}

BIGHT_TEST(odd_options, of_ip6_have_other_ranges) {
  auto pair = co_await connected("[::1]:0");
  for (const int value : {0, 255}) {
    pair.here.set(options::hop_limit, value);
    EXPECT_EQ(pair.here.get(options::hop_limit), value);
  }
  pair.here.set(options::hop_limit, -1);
  EXPECT_EQ(pair.here.get(options::hop_limit), 64);
  pair.here.set(options::traffic_class, 255);
  EXPECT_EQ(pair.here.get(options::traffic_class), 252);
  pair.here.set(options::traffic_class, -1);
  EXPECT_EQ(pair.here.get(options::traffic_class), 0);
  EXPECT_TRUE(pair.here.get(options::only_ip6));
  for (const int value : {-2, 256}) {
    EXPECT_TRUE(refuses(pair.here, options::hop_limit, value, errc::invalid));
    EXPECT_TRUE(refuses(pair.here, options::traffic_class, value, errc::invalid));
  }
  EXPECT_THROW(pair.here.set(options::only_ip6, false), error);  // it has its address already
}

BIGHT_TEST(odd_options, of_tcp_are_not_for_udp) {
  auto socket = co_await udp::bind("127.0.0.1:0");
  EXPECT_THROW(socket.set(options::no_delay, true), error);
  EXPECT_THROW(static_cast<void>(socket.get(options::no_delay)), error);
  EXPECT_TRUE(refuses(socket, options::keep_alive_count, 3, errc::not_supported));
  EXPECT_THROW(socket.set(options::only_ip6, true), error);
}

BIGHT_TEST(odd_options, buffers_have_a_minimum_and_a_maximum_size) {
  auto pair = co_await connected();
  pair.here.set(options::receive_buffer, 0);
  EXPECT_EQ(pair.here.get(options::receive_buffer), 2304);
  pair.here.set(options::send_buffer, 0);
  EXPECT_EQ(pair.here.get(options::send_buffer), 4608);
  for (const int much : {-1, 1'000'000'000, 2'147'483'647}) {
    pair.here.set(options::send_buffer, much);
    EXPECT_GE(pair.here.get(options::send_buffer), 212'992) << much;
  }
}

// ── Ports ───────────────────────────────────────────────────────────────────────────────────────

// From an address that nobody else connects from: connections of 127.0.0.1 that are in TIME_WAIT
// keep their ports from whoever binds one by name, whatever they were connected to.
tcp::connect_options from_own_address() {
  tcp::connect_options how;
  how.from = "127.0.77.1:0";
  return how;
}

tcp::connect_options from_port_of(const stream& s) {
  tcp::connect_options how;
  how.from = s.local();
  return how;
}

bool is_kept(const result<tcp::stream>& outcome) {
  return !outcome && (outcome.error().is(errc::address_in_use) ||
                      outcome.error().is(errc::address_not_available));
}

std::string told(const result<tcp::stream>& outcome) {
  return outcome ? "it succeeded" : outcome.error().what();
}

BIGHT_TEST(odd_ports, of_a_connection_that_we_ended_first_are_kept_for_a_while) {
  auto listening = co_await tcp::listen("127.0.0.1:0");
  auto client = co_await tcp::connect(listening.local(), from_own_address());
  auto server = co_await listening.accept();
  const tcp::connect_options again = from_port_of(client);
  client.close();
  EXPECT_TRUE((co_await server.recv()).empty());
  server.close();
  co_await sleep(50ms);
  auto outcome = co_await attempt(tcp::connect(listening.local(), again));
  EXPECT_TRUE(is_kept(outcome)) << told(outcome);
}

task<result<tcp::stream>> connect_again(bool aborted) {
  auto listening = co_await tcp::listen("127.0.0.1:0");
  auto client = co_await tcp::connect(listening.local(), from_own_address());
  auto server = co_await listening.accept();
  const tcp::connect_options again = from_port_of(client);
  if (aborted) {
    client.abort();
  } else {
    server.close();
    EXPECT_TRUE((co_await client.recv()).empty());
    client.close();
  }
  co_await sleep(50ms);
  co_return co_await attempt(tcp::connect(listening.local(), again));
}

// A listener of another program, on all addresses and by chance on that port, keeps it as well.
constexpr int ports_to_try = 5;

task<> expect_free(bool aborted) {
  auto outcome = co_await connect_again(aborted);
  for (int i = 1; i < ports_to_try && !outcome; ++i) outcome = co_await connect_again(aborted);
  EXPECT_TRUE(outcome) << told(outcome);
}

BIGHT_TEST(odd_ports, of_a_connection_that_the_peer_ended_first_are_free) {
  co_await expect_free(false);
}

BIGHT_TEST(odd_ports, of_a_connection_that_was_aborted_are_free) { co_await expect_free(true); }

BIGHT_TEST(odd_ports, of_a_live_connection_do_not_make_the_same_one_twice) {
  auto listening = co_await tcp::listen("127.0.0.1:0");
  auto client = co_await tcp::connect(listening.local(), from_own_address());
  auto server = co_await listening.accept();
  auto outcome = co_await attempt(tcp::connect(listening.local(), from_port_of(client)));
  EXPECT_TRUE(is_kept(outcome)) << told(outcome);
}

}  // namespace contract
