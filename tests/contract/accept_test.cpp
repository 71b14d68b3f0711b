// SPDX-License-Identifier: MIT
// Two accepts on one listener.
#include "contract/contract.hpp"

namespace contract {

// The request of the first is being cancelled when the second begins to wait.
BIGHT_TEST(accept, an_accept_that_follows_a_cancelled_one_gets_the_next_connection) {
  auto listening = co_await tcp::listen("127.0.0.1:0");
  auto accept_none = [](tcp::listener& at) -> task<> {
    auto accepting = attempt(at.accept());
    auto none = co_await std::move(accepting);
    EXPECT_TRUE(fails(none, errc::cancelled));
  };
  auto accept_one = [](tcp::listener& at, auto first, std::string& got) -> task<> {
    scope inner(co_await current_context());
    inner.spawn(first(at));
    inner.stop();
    auto stopped = inner.join();
    co_await std::move(stopped);
    auto second = attempt(at.accept());
    auto one = co_await std::move(second);
    if (!one) {
      got = one.error().what();
      co_return;
    }
    auto bytes = co_await one->recv();
    got = bytes.view();
  };
  for (int round = 0; round < 20; ++round) {
    std::string got;
    scope side(co_await current_context());
    side.spawn(accept_one(listening, accept_none, got));
    co_await some_turns(round % 4);
    auto client = co_await tcp::connect(listening.local());
    co_await client.send("x");
    auto joining = side.join();
    co_await std::move(joining);
    EXPECT_EQ(got, "x") << round;
  }
}

// The other half: the first has not been cancelled when the second asks.
BIGHT_TEST(accept, an_accept_beside_another_is_busy_and_disturbs_it_not) {
  auto listening = co_await tcp::listen("127.0.0.1:0");
  auto accept_one = [](tcp::listener& at, bool& done) -> task<> {
    auto one = co_await at.accept();
    done = static_cast<bool>(one);
  };
  bool done = false;
  scope side(co_await current_context());
  side.spawn(accept_one(listening, done));
  auto asking = attempt(listening.accept());
  auto beside = co_await std::move(asking);
  EXPECT_TRUE(fails(beside, errc::busy));
  auto client = co_await tcp::connect(listening.local());
  auto joining = side.join();
  co_await std::move(joining);
  EXPECT_TRUE(done);
}

}  // namespace contract
