// SPDX-License-Identifier: MIT
#include <bight/lease.hpp>

#include "contract/contract.hpp"

#include <thread>

namespace contract {

static task<lease> receive_on_a_stream_that_dies() {
  auto pair = co_await connected();
  co_await pair.there.send("still here");
  co_return co_await pair.here.recv();
}

TEST(lease, outlives_its_stream_and_its_runner) {
  lease kept;
  {
    runner loop;
    kept = loop.run(receive_on_a_stream_that_dies());
    EXPECT_EQ(kept, "still here");
  }
  EXPECT_EQ(kept, "still here");
  lease copy = kept;
  kept.reset();
  EXPECT_EQ(copy, "still here");
}

static task<std::vector<lease>> receive_many() {
  auto pair = co_await connected();
  std::vector<lease> kept;
  std::uint64_t at = 0;
  for (int i = 0; i < 300; ++i) {
    co_await pair.there.send(pattern::at(at, 30'000));
    for (std::size_t got = 0; got < 30'000; got += kept.back().size())
      kept.push_back(co_await pair.here.recv(30'000 - got));
    at += 30'000;
  }
  co_return std::move(kept);
}

TEST(lease, many_of_them_outlive_their_engine) {
  std::vector<lease> kept;
  {
    runner loop;
    kept = loop.run(receive_many());
  }
  std::uint64_t at = 0;
  for (const lease& l : kept) {
    EXPECT_TRUE(pattern::matches(at, l));
    at += l.size();
  }
  EXPECT_EQ(at, 9'000'000u);
}

TEST(lease, of_a_datagram_outlives_its_engine) {
  auto receive = []() -> task<udp::datagram> {
    auto server = co_await udp::bind("127.0.0.1:0");
    auto client = co_await udp::connect(server.local());
    co_await client.send("datagram");
    co_return co_await server.recv();
  };
  udp::datagram kept;
  {
    runner loop;
    kept = loop.run(receive());
  }
  EXPECT_EQ(kept.data, "datagram");
  EXPECT_EQ(kept.from.host(), "127.0.0.1");
}

BIGHT_TEST(lease, can_be_sent_and_dropped) {
  auto one = co_await connected();
  auto two = co_await connected();
  co_await one.there.send("pass it on");
  auto bytes = co_await one.here.recv();
  co_await two.there.send(bytes, " ", bytes);
  bytes.reset();
  EXPECT_EQ(co_await recv_exactly(two.here, 21), "pass it on pass it on");
}

BIGHT_TEST(lease, front_and_rest_share_their_buffer) {
  auto pair = co_await connected();
  co_await pair.there.send("front.rest");
  auto rest = co_await pair.here.recv();
  while (rest.size() < 10) co_return;  // never on loopback
  auto front = rest.take_front(6);
  EXPECT_EQ(front, "front.");
  EXPECT_EQ(rest, "rest");
  rest.reset();
  EXPECT_EQ(front, "front.");
}

// A runner may be used again, and may die with streams and tasks of its own still around.
TEST(runner, runs_again_after_it_has_run) {
  runner loop;
  auto once = []() -> task<int> {
    auto pair = co_await connected();
    co_await pair.there.send("x");
    co_return static_cast<int>((co_await pair.here.recv()).size());
  };
  for (int i = 0; i < 20; ++i) EXPECT_EQ(loop.run(once()), 1);
}

TEST(runner, a_task_that_fails_throws_from_run_and_the_next_one_works) {
  runner loop;
  auto fail = []() -> task<> {
    auto pair = co_await connected();
    pair.there.close();
    pair.here.close();
    co_await pair.here.recv();
  };
  auto fine = []() -> task<> { co_await sleep(1ms); };
  EXPECT_THROW(loop.run(fail()), error);
  loop.run(fine());
}

TEST(runner, streams_that_outlive_their_task_close_with_the_runner_or_before) {
  auto make = []() -> task<ends> { co_return co_await connected(); };
  auto use = [](stream& from, stream& to) -> task<> {
    co_await to.send("over two runs");
    EXPECT_EQ(co_await from.recv(), "over two runs");
  };
  runner loop;
  ends pair = loop.run(make());
  loop.run(use(pair.here, pair.there));
  pair.here.close();
  auto end = [](stream& s) -> task<> { EXPECT_TRUE((co_await s.recv()).empty()); };
  loop.run(end(pair.there));
}

TEST(runner, in_another_thread_shares_nothing) {
  auto many = [] {
    runner loop;
    auto work = []() -> task<> {
      auto pair = co_await connected();
      co_await all(send_pattern(pair.there, 1'000'000), expect_pattern(pair.here, 1'000'000));
    };
    for (int i = 0; i < 5; ++i) loop.run(work());
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(many);
  for (std::thread& t : threads) t.join();
}

}  // namespace contract
