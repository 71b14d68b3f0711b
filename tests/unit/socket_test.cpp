// SPDX-License-Identifier: MIT
#include "engine/posix/socket.hpp"

#include "engine/posix/kernel.hpp"

#include <gtest/gtest.h>

#include <cerrno>

#include <sys/socket.h>

namespace bight::posix {
namespace {

struct open_socket : socket {
  explicit open_socket(socket_kind k = socket_kind::stream, int of_family = AF_INET) {
    enter(7, k, of_family);
  }
};

// What the next receive gets without the kernel.
struct next {
  lease data;
  op receive{verb::recv, nullptr, {}};
  explicit next(socket& s) {
    receive.got = &data;
    receive.size = 100;
    EXPECT_TRUE(s.has_next());
    s.give_next(receive);
  }
};

arrival bytes(std::string_view text) {
  arrival a;
  a.data = lease::copy_of(text);
  return a;
}

TEST(socket, has_nothing_for_a_receive_at_first) {
  open_socket s;
  EXPECT_FALSE(s.has_next());
}

TEST(socket, gives_what_has_arrived_and_then_the_end_again_and_again) {
  open_socket s;
  s.keep().push_back(bytes("ab"));
  EXPECT_EQ(s.received(0), 0);
  EXPECT_EQ(next(s).data.view(), "ab");
  EXPECT_TRUE(next(s).receive.ends_stream);
  EXPECT_TRUE(next(s).receive.ends_stream);
}

TEST(socket, gives_what_has_arrived_and_then_the_failure_again_and_again) {
  open_socket s;
  s.keep().push_back(bytes("ab"));
  EXPECT_EQ(s.received(-ECONNRESET), -ECONNRESET);
  EXPECT_EQ(next(s).data.view(), "ab");
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(next(s).receive.code, outcome_code(system_error_code(ECONNRESET)));
    EXPECT_EQ(s.not_sent(EPIPE), ECONNRESET);
  }
}

TEST(socket, takes_no_end_for_one_after_a_failure_that_a_send_was_told) {
  open_socket s;
  EXPECT_EQ(s.not_sent(ETIMEDOUT), ETIMEDOUT);
  s.has_ended();  // as the kernel reports it then
  EXPECT_EQ(s.received(0), -ETIMEDOUT);
  EXPECT_FALSE(next(s).receive.ends_stream);
}

TEST(socket, keeps_the_end_that_came_before_a_failure) {
  open_socket s;
  s.has_ended();
  EXPECT_EQ(s.not_sent(ECONNRESET), ECONNRESET);
  EXPECT_EQ(s.received(0), 0);
  EXPECT_TRUE(next(s).receive.ends_stream);
  EXPECT_EQ(s.not_sent(EPIPE), ECONNRESET);
}

TEST(socket, of_unix_reports_a_reset_to_receives_only) {
  open_socket s(socket_kind::stream, AF_UNIX);
  s.has_ended();
  EXPECT_EQ(s.received(-ECONNRESET), -ECONNRESET);
  EXPECT_EQ(s.not_sent(EPIPE), EPIPE);
}

TEST(socket, remembers_no_failure_of_a_single_call) {
  open_socket s;
  EXPECT_EQ(s.received(-ENOMEM), -ENOMEM);
  EXPECT_EQ(s.not_sent(ENOBUFS), ENOBUFS);
  EXPECT_FALSE(s.has_next());
  EXPECT_EQ(s.received(0), 0);
}

TEST(socket, reports_a_failure_of_datagrams_once) {
  open_socket s(socket_kind::datagram);
  EXPECT_EQ(s.received(-ECONNREFUSED), -ECONNREFUSED);
  EXPECT_FALSE(s.has_next());
  s.fail_next(ECONNREFUSED);
  EXPECT_EQ(next(s).receive.code, outcome_code(system_error_code(ECONNREFUSED)));
  EXPECT_FALSE(s.has_next());
}

TEST(socket, is_reset_by_the_close_of_a_failed_session_unless_the_end_was_sent) {
  open_socket s;
  EXPECT_FALSE(s.must_reset(ending::in_order));
  EXPECT_TRUE(s.must_reset(ending::failed));
  s.attended = attention::cut;
  EXPECT_TRUE(s.must_reset(ending::in_order));
  s.end_sent = true;
  EXPECT_FALSE(s.must_reset(ending::failed));
  EXPECT_TRUE(s.must_reset(ending::reset));
}

TEST(socket, has_only_stale_handles_after_it_was_left) {
  open_socket s;
  const handle before = s.self();
  s.leave();
  s.leave();
  EXPECT_FALSE(s.in_use());
  EXPECT_NE(s.enter(7, socket_kind::stream, AF_INET), before);
}

}  // namespace
}  // namespace bight::posix
