// SPDX-License-Identifier: MIT
// Two accepts on one listener.
#include <bight/unix_socket.hpp>

#include "contract/contract.hpp"

#include <string>
#include <vector>

#include <unistd.h>

namespace contract {

namespace {

task<> accept_none(tcp::listener& at) {
  auto none = co_await attempt(at.accept());
  EXPECT_TRUE(fails(none, errc::cancelled));
}

// Accepts, stops that, accepts again in the same turn, and receives.
task<> accept_the_second(tcp::listener& at, std::string& got) {
  scope inner(co_await current_context());
  inner.spawn(accept_none(at));
  co_await some_turns(2);
  inner.stop();
  auto one = co_await attempt(at.accept());
  co_await inner.join();
  if (!one) {
    got = one.error().what();
    co_return;
  }
  auto bytes = co_await one->recv();
  got = bytes.view();
}

}  // namespace

// The request of the first is being cancelled when the second begins to wait. Of TCP io_uring takes
// connections ahead, and cancels nothing; of unix sockets it does.
BIGHT_TEST(accept, after_a_cancelled_one_returns_the_next_connection) {
  const std::string file = testing::TempDir() + "bight-accept-" + std::to_string(getpid());
  for (const bool by_file : {false, true}) {
    tcp::listener listening;
    if (by_file)
      listening = co_await unix_socket::listen(file);
    else
      listening = co_await tcp::listen("127.0.0.1:0");
    for (int round = 0; round < 20; ++round) {
      std::string got;
      scope side(co_await current_context());
      side.spawn(accept_the_second(listening, got));
      co_await some_turns(3 + round % 4);
      stream client;
      if (by_file)
        client = co_await unix_socket::connect(file);
      else
        client = co_await tcp::connect(listening.local());
      co_await client.send("x");
      co_await side.join();
      EXPECT_EQ(got, "x") << round;
    }
  }
}

// The other half: the first has not been cancelled when the second asks.
BIGHT_TEST(accept, of_a_second_task_is_busy_and_does_not_disturb_the_first) {
  auto listening = co_await tcp::listen("127.0.0.1:0");
  auto accept_one = [](tcp::listener& at, bool& done) -> task<> {
    auto one = co_await at.accept();
    done = static_cast<bool>(one);
  };
  bool done = false;
  scope side(co_await current_context());
  side.spawn(accept_one(listening, done));
  auto beside = co_await attempt(listening.accept());
  EXPECT_TRUE(fails(beside, errc::busy));
  auto client = co_await tcp::connect(listening.local());
  co_await side.join();
  EXPECT_TRUE(done);
}

// io_uring takes connections ahead, and stops when many wait: that stop is no failure of an accept
// that waits by then.
BIGHT_TEST(accept, returns_each_of_more_connections_than_are_accepted_in_advance) {
  auto listening = co_await tcp::listen("127.0.0.1:0");
  auto none = co_await attempt(within(1ms, listening.accept()));
  EXPECT_TRUE(fails(none, errc::timed_out));
  std::vector<stream> clients;
  std::vector<stream> accepted;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 140; ++i) clients.push_back(co_await tcp::connect(listening.local()));
    while (accepted.size() < clients.size()) {
      auto one = co_await attempt(within(10s, listening.accept()));
      if (!one) {
        ADD_FAILURE() << one.error().what();
        co_return;
      }
      accepted.push_back(*std::move(one));
    }
  }
}

}  // namespace contract
