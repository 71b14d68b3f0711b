// SPDX-License-Identifier: MIT
#include "sim/ports.hpp"

#include <gtest/gtest.h>

#include <set>

namespace bight::sim {
namespace {

class Ports : public testing::Test {
 protected:
  socket& make(socket_kind kind = socket_kind::listener, std::uint8_t family = 4) {
    return u.make_socket(m, kind, family);
  }
  socket& bound(const packet_end& at, socket_kind kind = socket_kind::listener) {
    socket& s = make(kind, at.family);
    EXPECT_EQ(ports::bind(u, s, at, false), std::error_code());
    return s;
  }
  [[nodiscard]] bool binds(const packet_end& at, bool dual = false, bool shares = false,
                           socket_kind kind = socket_kind::listener) {
    socket& s = make(kind, at.family);
    s.reuse_port = shares;
    const std::error_code code = ports::bind(u, s, at, dual);
    if (code) {
      EXPECT_EQ(code, code_of(std::errc::address_in_use));
    }
    return !code;
  }
  [[nodiscard]] packet_end loopback(std::uint16_t port) const {
    packet_end e{4, port, {}};
    e.ip = {127, 0, 0, 1};
    return e;
  }
  [[nodiscard]] socket* taker(const packet_end& to, const packet_end& from = {4, 9, {}}) {
    return ports::taker(u, m, socket_kind::listener, to, from);
  }

  const packet_end any4{4, 80, {}};
  const packet_end any6{6, 80, {}};
  universe u{world_options()};
  machine& m = u.add("a", host_options());
};

TEST_F(Ports, belong_to_one_socket) {
  bound(m.ip4(80));
  EXPECT_FALSE(binds(m.ip4(80)));
  EXPECT_TRUE(binds(m.ip4(81)));
  EXPECT_TRUE(binds(loopback(80)));  // another address
  EXPECT_FALSE(binds(any4));         // every address
}

TEST_F(Ports, bound_on_every_address_leave_none_for_others) {
  bound(any4);
  EXPECT_FALSE(binds(m.ip4(80)));
  EXPECT_FALSE(binds(any4));
}

TEST_F(Ports, of_two_families_are_independent_unless_a_socket_serves_both) {
  bound(any4);
  EXPECT_FALSE(binds(any6, true));
  EXPECT_TRUE(binds(any6, false));
}

TEST_F(Ports, of_tcp_and_udp_are_independent) {
  bound(any4);
  EXPECT_TRUE(binds(any4, false, false, socket_kind::datagram));
}

TEST_F(Ports, are_shared_by_sockets_that_all_allow_it) {
  socket& first = make();
  first.reuse_port = true;
  EXPECT_EQ(ports::bind(u, first, any4, false), std::error_code());
  EXPECT_TRUE(binds(any4, false, true));
  EXPECT_FALSE(binds(any4, false, false));
}

TEST_F(Ports, of_a_foreign_address_cannot_be_bound) {
  packet_end elsewhere{4, 80, {}};
  elsewhere.ip = {10, 9, 9, 9};
  EXPECT_EQ(ports::bind(u, make(), elsewhere, false), code_of(std::errc::address_not_available));
}

TEST_F(Ports, are_free_again_after_a_close) {
  socket& first = bound(any4);
  socket& second = bound({4, 81, {}});
  ports::leave(u, first);
  EXPECT_EQ(taker(m.ip4(80)), nullptr);
  EXPECT_TRUE(binds(any4));
  EXPECT_EQ(taker(m.ip4(81)), &second);
}

TEST_F(Ports, assigned_by_the_system_differ_and_are_from_its_range) {
  std::set<std::uint16_t> drawn;
  for (int i = 0; i < 1000; ++i) {
    const socket& s = bound({4, 0, {}});
    EXPECT_TRUE(s.bound_by_us);
    EXPECT_GE(s.local.port, 32768);
    EXPECT_LE(s.local.port, 60999);
    drawn.insert(s.local.port);
  }
  EXPECT_EQ(drawn.size(), 1000u);
}

TEST_F(Ports, run_out) {
  for (int i = 32768; i <= 60999; ++i) bound({4, 0, {}});
  EXPECT_EQ(ports::bind(u, make(), {4, 0, {}}, false), code_of(std::errc::address_in_use));
}

TEST_F(Ports, of_an_ended_connection_are_not_assigned_for_a_minute) {
  for (int i = 32768; i <= 60999; ++i) m.hold_port({m.ip4(static_cast<std::uint16_t>(i)), {}});
  EXPECT_EQ(m.free_port(socket_kind::stream), 0);
  EXPECT_NE(m.free_port(socket_kind::datagram), 0);
  u.run_to(59s);
  EXPECT_EQ(m.free_port(socket_kind::stream), 0);
  u.run_to(60s);
  EXPECT_NE(m.free_port(socket_kind::stream), 0);
}

TEST_F(Ports, the_most_specific_socket_receives) {
  socket& everything = make(socket_kind::listener, 6);
  EXPECT_EQ(ports::bind(u, everything, any6, true), std::error_code());
  EXPECT_EQ(taker(m.ip4(80)), &everything);
  EXPECT_EQ(taker(m.ip6(80)), &everything);
  socket& mine = make();
  mine.reuse_port = everything.reuse_port = true;
  EXPECT_EQ(ports::bind(u, mine, m.ip4(80), false), std::error_code());
  EXPECT_EQ(taker(m.ip4(80)), &mine);
  EXPECT_EQ(taker(m.ip6(80)), &everything);
  EXPECT_EQ(taker(m.ip4(81)), nullptr);
}

TEST_F(Ports, that_are_shared_give_each_sender_one_receiver) {
  std::set<socket*> all;
  for (int i = 0; i < 4; ++i) {
    socket& s = make();
    s.reuse_port = true;
    EXPECT_EQ(ports::bind(u, s, any4, false), std::error_code());
    all.insert(&s);
  }
  std::set<socket*> used;
  for (std::uint16_t port = 40'000; port < 40'100; ++port) {
    socket* const chosen = taker(m.ip4(80), {4, port, {}});
    EXPECT_EQ(taker(m.ip4(80), {4, port, {}}), chosen);
    used.insert(chosen);
  }
  EXPECT_EQ(used, all);
}

TEST_F(Ports, a_connected_datagram_socket_receives_only_from_its_peer) {
  socket& s = bound(any4, socket_kind::datagram);
  s.remote = m.ip4(5);
  EXPECT_EQ(ports::taker(u, m, socket_kind::datagram, m.ip4(80), m.ip4(5)), &s);
  EXPECT_EQ(ports::taker(u, m, socket_kind::datagram, m.ip4(80), m.ip4(6)), nullptr);
}

}  // namespace
}  // namespace bight::sim
