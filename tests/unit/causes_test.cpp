// SPDX-License-Identifier: MIT
#include "engine/causes.hpp"

#include <cerrno>

#include <gtest/gtest.h>

namespace bight {
namespace {

using file = machine_facts::file;

// What a machine is like, as a test describes it.
struct described {
  int with_broadcast = 0;  // what route() gives, with the right to broadcast and without it
  int without_broadcast = 0;
  bool zones = true;
  file there = file::none;
};

struct described_machine final : machine_facts {
  explicit described_machine(const described& d) : like(d) {}
  [[nodiscard]] int route(const address&, bool broadcast) const override {
    return broadcast ? like.with_broadcast : like.without_broadcast;
  }
  [[nodiscard]] bool has_zone_of(const address&) const override { return like.zones; }
  [[nodiscard]] file file_at(const address&) const override { return like.there; }
  described like;
};

struct told {
  std::string text;
  int code;
};

told cause(verb what, int number, const char* with, const described& machine = {}) {
  std::error_code code(number, std::system_category());
  std::string text = cause_of(what, code, with, described_machine(machine));
  return {std::move(text), code.value()};
}

described with_file(file there) {
  described machine;
  machine.there = there;
  return machine;
}

described with_routes(int with_broadcast, int without_broadcast) {
  described machine;
  machine.with_broadcast = with_broadcast;
  machine.without_broadcast = without_broadcast;
  return machine;
}

constexpr const char* path = "unix:/run/x";

TEST(causes, of_a_connect_to_a_unix_socket) {
  EXPECT_EQ(cause(verb::connect, ENOENT, path).text,
            "no such socket file (is the server running?)");
  EXPECT_EQ(cause(verb::connect, ENOTDIR, path).text,
            "a part of the path is not a folder (check the path)");
  EXPECT_EQ(cause(verb::connect, ECONNREFUSED, path, with_file(file::other)).text,
            "that file is not a socket (check the path)");
  EXPECT_EQ(cause(verb::connect, ECONNREFUSED, path, with_file(file::socket)).text,
            "no server is listening on that socket (is it running?)");
  EXPECT_EQ(cause(verb::connect, ECONNREFUSED, "unix:@x").text,
            "no server is listening under that name (is it running?)");
  EXPECT_EQ(cause(verb::connect, EPROTOTYPE, path).text,
            "not a stream socket (the server uses datagrams)");
  EXPECT_EQ(cause(verb::connect, EACCES, path).text,
            "permission denied (this user cannot write to the socket, or cannot enter a folder of "
            "its path)");
  EXPECT_EQ(cause(verb::connect, ECONNRESET, path).text, "");
}

TEST(causes, of_a_bind_of_a_unix_socket) {
  EXPECT_EQ(cause(verb::accept, ENOENT, path).text,
            "the folder of the socket does not exist (create it first)");
  EXPECT_EQ(cause(verb::accept, ENOTDIR, path).text,
            "a part of the path is not a folder (check the path)");
  EXPECT_EQ(cause(verb::accept, EACCES, path).text,
            "permission denied (this user cannot create files in that folder)");
  EXPECT_EQ(cause(verb::accept, EADDRINUSE, path, with_file(file::link)).text,
            "a symbolic link exists there and is not replaced (remove it, or choose another path)");
  EXPECT_EQ(cause(verb::accept, EADDRINUSE, path, with_file(file::other)).text,
            "a file that is not a socket exists there (choose another path)");
  EXPECT_EQ(cause(verb::accept, EADDRINUSE, path, with_file(file::socket)).text,
            "address in use (another program is listening there; choose another path)");
  EXPECT_EQ(cause(verb::accept, EROFS, path).text, "");
}

TEST(causes, of_a_destination_without_a_route) {
  const std::string multicast =
      "no route to that network or host (TCP does not reach a multicast or broadcast address)";
  const std::string ip6 = "no route to that network or host (does this machine have IPv6?)";
  for (const char* to : {"224.0.0.1:1", "239.255.255.255:1", "255.255.255.255:1", "[ff05::1]:1"})
    EXPECT_EQ(cause(verb::connect, ENETUNREACH, to).text, multicast) << to;
  for (const char* to : {"[2001:ff::1]:1", "[fe00:ff::1]:1"})
    EXPECT_EQ(cause(verb::connect, ENETUNREACH, to).text, ip6) << to;
  for (const char* to : {"223.255.255.255:1", "240.0.0.1:1", "255.255.255.254:1"})
    EXPECT_EQ(cause(verb::connect, ENETUNREACH, to).text, "") << to;
  EXPECT_EQ(cause(verb::connect, ENETUNREACH, "192.0.2.1:1", with_routes(0, EINVAL)).text,
            "no route to that network or host (a blackhole route on this machine drops the "
            "packets: ip route get 192.0.2.1)");
}

TEST(causes, of_an_address_to_connect_from_that_is_missing) {
  const std::string ports =
      "no local port is free for that address (closed connections keep theirs for a minute; more "
      "ports: sysctl net.ipv4.ip_local_port_range)";
  for (const int number : {EADDRNOTAVAIL, EAGAIN}) {
    const told none = cause(verb::connect, number, "192.0.2.1:1");
    EXPECT_EQ(none.text, ports);
    EXPECT_EQ(none.code, EADDRNOTAVAIL);
  }
  const described off = with_routes(ENETUNREACH, ENETUNREACH);
  EXPECT_EQ(cause(verb::connect, EADDRNOTAVAIL, "[2001:db8::1]:1", off).text,
            "this machine has no IPv6 address to connect from (is IPv6 off?)");
  EXPECT_EQ(cause(verb::connect, EADDRNOTAVAIL, "192.0.2.1:1", off).text,
            "this machine has no IPv4 address to connect from");
  EXPECT_EQ(cause(verb::send, EADDRNOTAVAIL, "192.0.2.1:1").text, "");
}

TEST(causes, of_an_invalid_argument) {
  const std::string scope = "a link-local address needs its interface: [fe80::1%eth0]:9999";
  for (const char* to : {"[fe80::1]:1", "[febf::1]:1", "[ff01::1]:1", "[ff02::1]:1", "[ff12::1]:1"})
    EXPECT_EQ(cause(verb::connect, EINVAL, to).text, scope) << to;
  for (const char* to :
       {"[fec0::1]:1", "[fe40::1]:1", "[ff05::1]:1", "[2001:db8::1]:1", "[fe80::1%lo]:1"})
    EXPECT_EQ(cause(verb::connect, EINVAL, to).text, "") << to;

  const described nowhere = with_routes(EINVAL, EINVAL);
  const told blackhole = cause(verb::connect, EINVAL, "192.0.2.1:1", nowhere);
  EXPECT_NE(blackhole.text.find("a blackhole route"), std::string::npos);
  EXPECT_EQ(blackhole.code, ENETUNREACH);
  for (const auto& [what, to] :
       {std::pair(verb::accept, "192.0.2.1:1"), std::pair(verb::connect, "192.0.2.1:0")}) {
    const told other = cause(what, EINVAL, to, nowhere);
    EXPECT_EQ(other.text, "");
    EXPECT_EQ(other.code, EINVAL);
  }
}

TEST(causes, of_an_interface_that_is_missing) {
  described machine;
  machine.zones = false;
  const std::string text = "this machine has no interface \"no0\" (ip link lists them)";
  for (const int number : {EINVAL, ENODEV, ENETUNREACH, EHOSTUNREACH, EADDRNOTAVAIL}) {
    const told to = cause(verb::connect, number, "[fe80::1%no0]:1", machine);
    EXPECT_EQ(to.text, text);
    EXPECT_EQ(to.code, ENETUNREACH);
    const told at = cause(verb::accept, number, "[fe80::1%no0]:1", machine);
    EXPECT_EQ(at.text, text);
    EXPECT_EQ(at.code, number);
  }
  EXPECT_EQ(cause(verb::connect, ECONNREFUSED, "[fe80::1%no0]:1", machine).text, "");
}

TEST(causes, of_a_missing_permission) {
  EXPECT_EQ(cause(verb::connect, EAFNOSUPPORT, "[::1]:1").text, "this system has no IPv6");
  EXPECT_EQ(cause(verb::connect, EAFNOSUPPORT, "127.0.0.1:1").text, "");
  EXPECT_EQ(cause(verb::send, EPERM, "127.0.0.1:1").text,
            "not permitted (blocked by a firewall on this machine)");
  EXPECT_EQ(cause(verb::accept, EACCES, "127.0.0.1:80").text,
            "permission denied (ports below 1024 need root, CAP_NET_BIND_SERVICE, or a lower "
            "net.ipv4.ip_unprivileged_port_start)");
  EXPECT_EQ(cause(verb::send, EACCES, "192.0.2.255:1", with_routes(0, EACCES)).text,
            "a broadcast address (enable it first: set(options::broadcast, true))");
  const std::string prohibited =
      "permission denied (prohibited by a route or a firewall on this machine)";
  EXPECT_EQ(cause(verb::send, EACCES, "192.0.2.1:1").text, prohibited);
  EXPECT_EQ(cause(verb::connect, EACCES, "192.0.2.1:1", with_routes(EACCES, EACCES)).text,
            prohibited);
}

TEST(causes, of_a_bind_of_an_address) {
  EXPECT_EQ(cause(verb::accept, EADDRINUSE, "127.0.0.1:0").text,
            "no port is free (more ports: sysctl net.ipv4.ip_local_port_range)");
  EXPECT_EQ(cause(verb::accept, EADDRINUSE, ":0").text,
            "no port is free (more ports: sysctl net.ipv4.ip_local_port_range)");
  EXPECT_EQ(cause(verb::accept, EADDRINUSE, "127.0.0.1:1").text, "");
  EXPECT_EQ(cause(verb::accept, EADDRNOTAVAIL, "127.0.0.1:1").text, "");
}

TEST(causes, of_a_name_are_those_of_the_lookup) {
  EXPECT_EQ(cause(verb::connect, ENETUNREACH, "a.example:1").text, "");
}

}  // namespace
}  // namespace bight
