// SPDX-License-Identifier: MIT
// An error names what is wrong, also where the system has one code for several causes.
#include <bight/tcp.hpp>
#include <bight/udp.hpp>
#include <bight/unix_socket.hpp>

#include "contract/contract.hpp"
#include "contract/own_network.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>

namespace contract {
namespace {

using bight_test::in_own_network;
using testing::HasSubstr;

class scratch_folder {
 public:
  scratch_folder() {
    char name[] = "/tmp/bight-test-XXXXXX";
    path_ = mkdtemp(name);
  }
  scratch_folder(const scratch_folder&) = delete;
  scratch_folder& operator=(const scratch_folder&) = delete;
  ~scratch_folder() { std::filesystem::remove_all(path_); }
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

template <class T>
std::string told(const result<T>& outcome) {
  return outcome ? "it succeeded" : outcome.error().what();
}

task<result<stream>> try_connect(address to, address from = {}) {
  tcp::connect_options options;
  options.from = std::move(from);
  co_return co_await attempt(tcp::connect(std::move(to), options));
}

task<result<udp::socket>> try_aim(address to) {
  co_return co_await attempt(udp::connect(std::move(to)));
}

task<result<tcp::listener>> try_listen(address at,
                                       tcp::listen_options options = tcp::listen_options()) {
  co_return co_await attempt(tcp::listen(std::move(at), options));
}

BIGHT_TEST(causes, a_send_on_an_unconnected_socket_names_what_to_call) {
  auto socket = co_await udp::bind("127.0.0.1:0");
  auto outcome = co_await attempt(socket.send("x"));
  EXPECT_TRUE(fails(outcome, errc::bad_address));
  EXPECT_THAT(told(outcome), HasSubstr("not connected (use send_to, or udp::connect)"));
}

BIGHT_TEST(causes, a_broadcast_without_the_option_is_named) {
  auto outcome = co_await try_aim("255.255.255.255:9");
  EXPECT_FALSE(outcome);
  if (on_sim()) {
    EXPECT_THAT(told(outcome), HasSubstr("a broadcast address"));
  }
}

BIGHT_TEST(causes, the_file_at_the_path_of_a_unix_socket_is_named) {
  const scratch_folder here;
  const std::string path = here.file("s");
  auto missing = co_await attempt(unix_socket::connect(path));
  EXPECT_THAT(told(missing), HasSubstr("no such socket file (is the server running?)"));
  auto first = co_await unix_socket::listen(path);
  auto second = co_await attempt(unix_socket::listen(path));
  EXPECT_TRUE(fails(second, errc::address_in_use));
  EXPECT_THAT(told(second), HasSubstr("another program is listening there; choose another path"));
}

BIGHT_TEST(causes, a_unix_socket_without_a_server_is_not_described_as_a_port) {
  const scratch_folder here;
  const std::string path = here.file("s");
  {
    auto server = co_await unix_socket::listen(path);
    // The file stays: another has its name while the server closes.
    if (!on_sim()) {
      EXPECT_EQ(rename(path.c_str(), here.file("t").c_str()), 0);
    }
  }
  if (!on_sim()) {
    auto stale = co_await attempt(unix_socket::connect(here.file("t")));
    EXPECT_TRUE(fails(stale, errc::refused));
    EXPECT_THAT(told(stale), HasSubstr("no server is listening on that socket (is it running?)"));
  }
  auto unnamed = co_await attempt(unix_socket::connect("@bight-nobody"));
  EXPECT_TRUE(fails(unnamed, errc::refused));
  EXPECT_THAT(told(unnamed), HasSubstr("no server is listening under that name (is it running?)"));
}

BIGHT_TEST(causes, threads_that_would_share_a_unix_socket_are_named) {
  const scratch_folder here;
  tcp::listen_options options;
  options.reuse_port = true;
  auto outcome = co_await try_listen(address::unix_socket(here.file("s")), options);
  EXPECT_TRUE(fails(outcome, errc::not_supported));
  EXPECT_THAT(told(outcome), HasSubstr("several threads cannot share a unix socket"));
}

BIGHT_TEST(causes, a_symbolic_link_in_place_of_a_unix_socket_is_named) {
  needs_kernel("makes a symbolic link");
  const scratch_folder here;
  const std::string path = here.file("s");
  EXPECT_EQ(symlink("/no/such/file", path.c_str()), 0);
  auto outcome = co_await attempt(unix_socket::listen(path));
  EXPECT_TRUE(fails(outcome, errc::address_in_use));
  EXPECT_THAT(told(outcome), HasSubstr("a symbolic link exists there"));
}

task<> run_out_of_ports() {
  auto server = co_await tcp::listen("127.0.0.1:7070");
  auto one = co_await try_connect("127.0.0.1:7070");
  auto other = co_await try_connect("127.0.0.1:7070");
  EXPECT_TRUE(fails(other, errc::address_not_available));
  EXPECT_THAT(told(other), HasSubstr("no local port is free"));
  auto listening = co_await try_listen("127.0.0.1:0");
  EXPECT_TRUE(fails(listening, errc::address_in_use));
  EXPECT_THAT(told(listening), HasSubstr("no port is free"));

  auto bound = co_await udp::bind("127.0.0.1:0");
  auto again = co_await attempt(udp::bind("127.0.0.1:0"));
  EXPECT_TRUE(fails(again, errc::address_in_use));
  EXPECT_THAT(told(again), HasSubstr("no port is free"));
  auto aimed = co_await try_aim("127.0.0.1:7070");
  EXPECT_TRUE(fails(aimed, errc::address_not_available));
  EXPECT_THAT(told(aimed), HasSubstr("no local port is free"));
}

TEST(causes, a_shortage_of_ports_is_named_by_every_call_that_needs_one) {
  in_own_network([] {
    std::ofstream("/proc/sys/net/ipv4/ip_local_port_range") << "50000 50000";
    run_test(run_out_of_ports());
  });
}

task<> go_nowhere() {
  for (const char* to : {"10.7.0.1:80", "[fd07::1]:80"}) {
    auto stream = co_await try_connect(to);
    EXPECT_TRUE(fails(stream, errc::unreachable));
    EXPECT_THAT(told(stream), HasSubstr("blackhole route"));
    auto datagrams = co_await try_aim(to);
    EXPECT_TRUE(fails(datagrams, errc::unreachable));
    EXPECT_THAT(told(datagrams), HasSubstr("blackhole route"));
  }
  auto socket = co_await udp::bind("0.0.0.0:0");
  auto sent = co_await attempt(socket.send_to("10.7.0.1:80", "x"));
  EXPECT_TRUE(fails(sent, errc::unreachable));
  EXPECT_THAT(told(sent), HasSubstr("blackhole route"));

  auto wrong_source = co_await try_connect("10.6.6.99:80", "127.0.0.1:0");
  EXPECT_TRUE(fails(wrong_source, errc::unreachable));
  EXPECT_THAT(told(wrong_source), HasSubstr("from 127.0.0.1:0"));
  EXPECT_THAT(told(wrong_source), HasSubstr("connect_options::from"));
}

TEST(causes, a_missing_route_or_source_address_is_named) {
  in_own_network([] {
    constexpr const char* routes =
        "ip link add d0 type veth peer name d1 && ip link set d0 up && ip link set d1 up && "
        "ip addr add 10.6.6.6/24 dev d0 && ip route add blackhole 10.7.0.0/24 && "
        "ip -6 route add blackhole fd07::/64";
    if (std::system(routes) != 0) return;  // no ip(8), or a kernel without veth
    run_test(go_nowhere());
  });
}

}  // namespace
}  // namespace contract
