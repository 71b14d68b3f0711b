// SPDX-License-Identifier: MIT
#include <bight/error_digest.hpp>

#include <gtest/gtest.h>

#include <string>

namespace bight {
namespace {

using namespace std::chrono_literals;

struct log_of_errors {
  std::vector<std::string> lines;
  error_digest digest{[this](const address& peer, const error& e, std::uint64_t more, duration in) {
    lines.push_back(std::to_string(more) + " in " + std::to_string(in / 1s) + " s: " + peer.str() +
                    ": " + e.what());
  }};
  time_point now = time_point(100s);

  bool add(const error& e, int port = 1) {
    return digest.add(address("10.0.0.1:" + std::to_string(port)), e, now);
  }
};

const error late(errc::timed_out, "recv");

TEST(error_digest, reports_the_first_at_once_and_the_number_of_the_others) {
  log_of_errors log;
  EXPECT_FALSE(log.add(late, 1));
  EXPECT_TRUE(log.add(late, 2)) << "now a summary is due";
  for (int i = 3; i <= 313; ++i) EXPECT_FALSE(log.add(late, i));
  log.digest.summarise(log.now + 10s);
  EXPECT_EQ(log.lines, (std::vector<std::string>{"0 in 0 s: 10.0.0.1:1: recv: timed out",
                                                 "312 in 10 s: 10.0.0.1:313: recv: timed out"}));
}

TEST(error_digest, prints_nothing_without_errors) {
  log_of_errors log;
  EXPECT_FALSE(log.add(late));
  log.digest.summarise(log.now + 10s);
  log.digest.summarise(log.now + 20s);
  EXPECT_EQ(log.lines.size(), 1u);
}

TEST(error_digest, reports_at_once_again_after_its_window) {
  log_of_errors log;
  EXPECT_FALSE(log.add(late));
  log.now += 10s;
  EXPECT_FALSE(log.add(late));
  EXPECT_EQ(log.lines.size(), 2u);
}

TEST(error_digest, keeps_kinds_apart) {
  log_of_errors log;
  EXPECT_FALSE(log.add(late));
  EXPECT_FALSE(log.add(error(errc::cut_short, "recv")));
  EXPECT_FALSE(log.add(error(errc::invalid, "session", 0, "one exception")));
  EXPECT_FALSE(log.add(error(errc::invalid, "session", 0, "another exception")));
  EXPECT_TRUE(log.add(error(errc::invalid, "session", 0, "one exception")));
  EXPECT_EQ(log.lines.size(), 4u);
}

TEST(error_digest, has_a_limit_even_if_all_errors_differ) {
  log_of_errors log;
  for (int i = 0; i < 1000; ++i)
    static_cast<void>(log.add(error(errc::invalid, "session", 0, "request " + std::to_string(i))));
  log.digest.summarise(log.now + 5s);
  ASSERT_EQ(log.lines.size(), error_digest::kinds_max + 1);
  EXPECT_EQ(log.lines.back(), "984 in 5 s: 10.0.0.1:1: session: request 999");
}

TEST(error_digest, knows_what_is_a_reset) {
  EXPECT_TRUE(is_reset_by_peer(error(std::make_error_code(std::errc::connection_reset), "recv")));
  EXPECT_TRUE(is_reset_by_peer(error(std::make_error_code(std::errc::broken_pipe), "send")));
  EXPECT_FALSE(is_reset_by_peer(error(errc::closed, "send"))) << "a mistake of the program";
  EXPECT_TRUE(is_reset_by_peer(error(errc::tls_truncated, "TLS with 10.0.0.1:1")));
  EXPECT_FALSE(is_reset_by_peer(error(errc::tls_truncated, "recv 10.0.0.1:1")));
  EXPECT_FALSE(is_reset_by_peer(late));
}

}  // namespace
}  // namespace bight
