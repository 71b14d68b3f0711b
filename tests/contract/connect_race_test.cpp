// SPDX-License-Identifier: MIT
#include "base/names.hpp"
#include "net/connect.hpp"

#include <bight/deadline.hpp>
#include <bight/run.hpp>
#include <bight/unix_socket.hpp>

#include "contract/own_network.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>

#include <fcntl.h>

namespace bight {
namespace {

using bight_test::in_own_network;
using bight_test::name_server;
using testing::HasSubstr;
using namespace std::chrono_literals;

using outcome = result<stream>;

task<outcome> try_to(address to, tcp::connect_options options = tcp::connect_options()) {
  co_return co_await attempt(tcp::connect(std::move(to), std::move(options)));
}

task<tcp::listener> listen_at(address at) { co_return co_await tcp::listen(std::move(at)); }

// A port that nobody listens on: bound, and then let go.
class held_port {
 public:
  held_port() : fd_(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int off = 0;
    setsockopt(fd_, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    sockaddr_in6 name{};
    socklen_t length = sizeof name;
    name.sin6_family = AF_INET6;
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&name), length), 0);
    getsockname(fd_, reinterpret_cast<sockaddr*>(&name), &length);
    number_ = ntohs(name.sin6_port);
  }
  held_port(const held_port&) = delete;
  held_port& operator=(const held_port&) = delete;
  ~held_port() { close(fd_); }
  [[nodiscard]] std::uint16_t number() const { return number_; }

 private:
  int fd_;
  std::uint16_t number_ = 0;
};

address at(const std::string& host, std::uint16_t port) {
  return address(host + ":" + std::to_string(port));
}

std::string text(outcome& o) { return o ? "connected" : o.error().what(); }

// A port that answers nobody: its queue holds one connection, and that one is there. Linux drops
// the SYN of every other (listen(2), tcp_max_syn_backlog).
class black_hole {
 public:
  explicit black_hole(int family, std::uint16_t port = 0) {
    listener_ = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    length_ =
        static_cast<socklen_t>(family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
    if (family == AF_INET) {
      auto& in = reinterpret_cast<sockaddr_in&>(name_);
      in.sin_family = AF_INET;
      in.sin_port = htons(port);
      in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    } else {
      auto& in6 = reinterpret_cast<sockaddr_in6&>(name_);
      in6.sin6_family = AF_INET6;
      in6.sin6_port = htons(port);
      in6.sin6_addr = in6addr_loopback;
    }
    EXPECT_EQ(bind(listener_, get(), length_), 0) << errno;
    listen(listener_, 0);
    getsockname(listener_, get(), &length_);
    for (int& fd : fillers_) {
      fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
      connect(fd, get(), length_);
    }
  }
  black_hole(const black_hole&) = delete;
  black_hole& operator=(const black_hole&) = delete;
  ~black_hole() {
    close(listener_);
    for (const int fd : fillers_) close(fd);
  }
  [[nodiscard]] std::uint16_t port() {
    return ntohs(reinterpret_cast<sockaddr_in&>(name_).sin_port);
  }

 private:
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&name_); }
  int listener_;
  int fillers_[2];
  sockaddr_storage name_{};
  socklen_t length_;
};

class stopwatch {
 public:
  [[nodiscard]] double ms() const {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start_)
        .count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// How long connecting takes, at least: the quickest of some, for on a busy machine one may take any
// time. `least` is what none of them may fall below.
double quickest(runner& r, const address& to, double enough, double least = 0) {
  double best = 1e9;
  for (int i = 0; i < 10 && best >= enough; ++i) {
    const stopwatch watch;
    auto o = r.run(try_to(to));
    const double took = watch.ms();
    EXPECT_TRUE(o) << text(o);
    EXPECT_GE(took, least);
    best = std::min(best, took);
  }
  return best;
}

int open_descriptors(runner& r) {
  const auto settle = []() -> task<> { co_await sleep(5ms); };
  r.run(settle());  // io_uring closes in its own time
  int n = 0;
  for (int fd = 0; fd < 1024; ++fd) n += fcntl(fd, F_GETFD) >= 0;
  return n;
}

TEST(connecting, a_refused_address_is_named) {  // A01
  runner r;
  const held_port held;
  const auto port = held.number();
  auto o = r.run(try_to(at("127.0.0.1", port)));
  ASSERT_FALSE(o);
  EXPECT_TRUE(o.error().is(errc::refused));
  EXPECT_EQ(text(o), "connect 127.0.0.1:" + std::to_string(port) +
                         ": connection refused (is the server running?)");
}

TEST(connecting, a_silent_address_times_out_at_our_own_deadline) {  // A02
  runner r;
  black_hole hole(AF_INET);
  tcp::connect_options options;
  options.timeout = 30ms;
  auto o = r.run(try_to(at("127.0.0.1", hole.port()), options));
  ASSERT_FALSE(o);
  EXPECT_TRUE(o.error().is(errc::timed_out));
  EXPECT_THAT(text(o), HasSubstr("timed out after 30 ms"));
}

TEST(connecting, an_any_address_means_this_machine) {
  runner r;
  auto l = r.run(listen_at("127.0.0.1:0"));
  auto o = r.run(try_to(address(":" + std::to_string(l.local().port()))));
  ASSERT_TRUE(o) << text(o);
  EXPECT_EQ(o->remote(), l.local());
}

TEST(connecting, a_name_is_tried_at_each_of_its_addresses_and_every_failure_is_reported) {  // A07
  runner r;
  const held_port held;
  const auto port = std::to_string(held.number());
  auto o = r.run(try_to("localhost:" + port));
  ASSERT_FALSE(o);
  EXPECT_TRUE(o.error().is(errc::refused));
  EXPECT_EQ(text(o), "connect localhost:" + port + ": [::1]:" + port +
                         " connection refused; 127.0.0.1:" + port +
                         " connection refused (is the server running?)");
}

TEST(connecting, the_second_address_is_tried_at_once_when_the_first_refuses) {
  runner r;
  auto l = r.run(listen_at("127.0.0.1:0"));
  EXPECT_LT(quickest(r, at("localhost", l.local().port()), 200), 200);
}

TEST(connecting, a_name_that_does_not_exist_is_reported_as_such) {
  runner r;
  auto o = r.run(try_to("nosuch.invalid:80"));
  ASSERT_FALSE(o);
  EXPECT_TRUE(o.error().is(errc::name_not_found));
  EXPECT_EQ(text(o), "connect nosuch.invalid:80: no such host (check the spelling)");
}

TEST(connecting, only_the_requested_family_is_tried) {
  runner r;
  auto l = r.run(listen_at("[::1]:0"));
  tcp::connect_options options;
  options.family = address_family::ip4;
  auto o = r.run(try_to(at("localhost", l.local().port()), options));
  ASSERT_FALSE(o);
  EXPECT_THAT(text(o), testing::Not(HasSubstr("[::1]")));
  options.family = address_family::ip6;
  EXPECT_TRUE(r.run(try_to(at("localhost", l.local().port()), options)));
  auto wrong = r.run(try_to("127.0.0.1:1", options));
  ASSERT_FALSE(wrong);
  EXPECT_TRUE(wrong.error().is(errc::bad_address));
}

TEST(connecting, it_starts_from_the_requested_source_address) {
  runner r;
  auto l = r.run(listen_at("127.0.0.1:0"));
  tcp::connect_options options;
  options.from = "127.0.0.7:0";
  auto o = r.run(try_to(at("localhost", l.local().port()), options));
  ASSERT_TRUE(o) << text(o);
  EXPECT_EQ(o->local().host(), "127.0.0.7");
  options.from = "192.0.2.77:0";
  auto not_ours = r.run(try_to(at("127.0.0.1", l.local().port()), options));
  ASSERT_FALSE(not_ours);
  EXPECT_TRUE(not_ours.error().is(errc::address_not_available)) << text(not_ours);
}

TEST(connecting, a_unix_socket_is_reached_by_its_path) {
  runner r;
  const std::string path = "@bight-test-" + std::to_string(getpid());
  auto l = r.run(unix_socket::listen(path));
  auto o = r.run(try_to("unix:" + path));
  EXPECT_TRUE(o) << text(o);
  auto nobody = r.run(try_to("unix:" + path + "-nobody"));
  ASSERT_FALSE(nobody);
  EXPECT_TRUE(nobody.error().is(errc::refused)) << text(nobody);
}

TEST(connecting, a_cancelled_connect_leaves_no_descriptor) {  // A08
  runner r;
  black_hole hole4(AF_INET);
  black_hole hole6(AF_INET6, hole4.port());
  const auto cut = [](address to, duration after) -> task<> {
    auto o = co_await attempt(within(after, tcp::connect(std::move(to))));
    EXPECT_TRUE(!o && o.error().is(errc::timed_out)) << text(o);
  };
  r.run(cut("localhost:" + std::to_string(hole4.port()), 1ms));
  const int before = open_descriptors(r);
  for (const duration after : {0ms, 1ms, 10ms, 300ms})
    for (const char* host : {"localhost", "127.0.0.1", ""})
      r.run(cut(at(host, hole4.port()), after));
  EXPECT_EQ(open_descriptors(r), before);
}

TEST(connecting, a_socket_that_connects_to_itself_is_refused) {  // A05
  in_own_network([] {
    // One ephemeral port: a connect to it from it succeeds in the kernel, with itself.
    std::ofstream("/proc/sys/net/ipv4/ip_local_port_range") << "40000 40000";
    runner r;
    auto o = r.run(try_to("127.0.0.1:40000"));
    ASSERT_FALSE(o);
    EXPECT_TRUE(o.error().is(errc::refused) || o.error().is(errc::address_not_available))
        << text(o);
  });
}

TEST(connecting, from_a_source_address_one_local_port_serves_several_destinations) {
  in_own_network([] {
    runner r;
    auto first = r.run(listen_at("127.0.0.1:9"));
    auto second = r.run(listen_at("127.0.0.2:9"));
    std::ofstream("/proc/sys/net/ipv4/ip_local_port_range") << "40000 40000";
    tcp::connect_options from_here;
    from_here.from = "127.0.0.1:0";
    auto one = r.run(try_to("127.0.0.1:9", from_here));
    ASSERT_TRUE(one) << text(one);
    auto two = r.run(try_to("127.0.0.2:9", from_here));
    ASSERT_TRUE(two) << text(two);
    EXPECT_EQ(one->local(), two->local());
  });
}

TEST(happy_eyeballs, a_silent_aaaa_question_costs_the_resolution_delay) {  // F02
  in_own_network([] {
    name_server server;
    runner r;
    auto l = r.run(listen_at("127.0.0.1:0"));
    const double took = quickest(r, at("ok.silent.test", l.local().port()), 200, 49);
    EXPECT_LT(took, 200);
    ::testing::Test::RecordProperty("ms", std::to_string(took));
    std::fprintf(stderr, "A fast, AAAA silent: connected after %.1f ms\n", took);
  });
}

TEST(happy_eyeballs, a_broken_ip6_path_costs_the_attempt_delay) {  // A06, F03
  in_own_network([] {
    name_server server;
    runner r;
    auto l = r.run(listen_at("127.0.0.1:0"));
    black_hole hole(AF_INET6, l.local().port());
    const address to = at("ok.ok.test", l.local().port());
    const double took = quickest(r, to, 450, 249);
    EXPECT_LT(took, 450);
    auto o = r.run(try_to(to));
    ASSERT_TRUE(o) << text(o);
    EXPECT_EQ(o->remote().host(), "127.0.0.1");
    std::fprintf(stderr, "IPv6 path broken: connected after %.1f ms\n", took);
  });
}

TEST(happy_eyeballs, after_a_refusal_the_next_address_is_tried_at_once) {
  in_own_network([] {
    name_server server;
    runner r;
    auto l = r.run(listen_at("127.1.0.2:0"));
    black_hole hole(AF_INET6, l.local().port());  // and 127.1.0.1 refuses
    EXPECT_LT(quickest(r, at("many.ok.test", l.local().port()), 450, 249), 450);
  });
}

TEST(happy_eyeballs, ip6_is_preferred_when_both_work) {
  in_own_network([] {
    name_server server;
    runner r;
    auto l4 = r.run(listen_at("127.0.0.1:0"));
    auto l6 = r.run(listen_at(at("[::1]", l4.local().port())));
    const address to = at("ok.ok.test", l4.local().port());
    auto o = r.run(try_to(to));
    ASSERT_TRUE(o) << text(o);
    EXPECT_EQ(o->remote().host(), "::1");
    EXPECT_LT(quickest(r, to, 49), 49);  // no delay of either kind
  });
}

TEST(happy_eyeballs, a_timeout_says_how_far_the_attempts_got) {
  in_own_network([] {
    name_server server;
    runner r;
    black_hole hole(AF_INET);
    const auto port = std::to_string(hole.port());
    tcp::connect_options options;
    options.timeout = 150ms;
    auto o = r.run(try_to("ok.silent.test:" + port, options));
    ASSERT_FALSE(o);
    EXPECT_TRUE(o.error().is(errc::timed_out));
    EXPECT_EQ(text(o), "connect ok.silent.test:" + port + ": timed out after 150 ms; 127.0.0.1:" +
                           port + " did not respond; IPv6 lookup did not finish");
  });
}

TEST(happy_eyeballs, a_failed_family_does_not_hide_the_other) {
  in_own_network([] {
    name_server server;
    runner r;
    auto l = r.run(listen_at("127.0.0.1:0"));
    EXPECT_TRUE(r.run(try_to(at("ok.fail.test", l.local().port()))));
    EXPECT_TRUE(r.run(try_to(at("ok.nx.test", l.local().port()))));
    auto o = r.run(try_to(at("nx.fail.test", l.local().port())));
    ASSERT_FALSE(o);
    EXPECT_TRUE(o.error().is(errc::name_unavailable)) << text(o);
  });
}

TEST(happy_eyeballs, of_a_thousand_addresses_only_a_limited_number_is_tried) {  // F04
  in_own_network([] {
    name_server server;
    runner r;
    tcp::connect_options options;
    options.max_attempts = 5;
    auto o = r.run(try_to("many.ok.test:9", options));
    ASSERT_FALSE(o);
    EXPECT_EQ(text(o),
              "connect many.ok.test:9: [::1]:9 connection refused; 127.1.0.1:9 connection refused; "
              "127.1.0.2:9 connection refused; 127.1.0.3:9 connection refused; 127.1.0.4:9 "
              "connection refused (is the server running?)");
  });
}

}  // namespace
}  // namespace bight
