// SPDX-License-Identifier: MIT
// A server on several threads: every loop serves, and what ends one ends all.
#include <bight/serve.hpp>

#include "base/names.hpp"
#include "contract/contract.hpp"

#include <atomic>
#include <csignal>
#include <mutex>
#include <set>

namespace contract {

struct crowd {
  served s;
  std::mutex lock;
  std::set<const scheduler*> loops;
  std::atomic<int> cleaned_up{0};
};

static task<> note_loop_and_echo(crowd& c, stream peer) {
  const scheduler& mine = (co_await current_context()).sched();
  {
    const std::lock_guard guard(c.lock);
    c.loops.insert(&mine);
  }
  static_cast<void>(co_await attempt(echo(std::move(peer))));
  ++c.cleaned_up;
}

static task<> sixty_four_clients(crowd& c) {
  std::vector<stream> clients;
  for (int i = 0; i < 64; ++i) {
    clients.push_back(co_await tcp::connect(c.s.at.front()));
    co_await expect_echo(clients.back(), "hello");
  }
  c.s.drain.set();
  while (c.s.drained.empty()) co_await sleep(0s);
  // A drain lets the sessions of every thread go on until the grace is over.
  for (stream& peer : clients) co_await expect_echo(peer, "still here");
  auto late = co_await attempt(tcp::connect(c.s.at.front()));
  while (late) {  // the other thread may still be about to hear of it
    co_await sleep(1ms);
    late = co_await attempt(tcp::connect(c.s.at.front()));
  }
  EXPECT_TRUE(fails(late, errc::refused) || fails(late, errc::reset));
}

BIGHT_TEST(threads, all_of_them_serve_and_a_drain_reaches_all) {
  crowd c;
  serve_options two = c.s.options();
  two.threads = 2;
  co_await serve_for(c.s, tcp::serve("127.0.0.1:0", with(c, +note_loop_and_echo), two),
                     sixty_four_clients(c));
  EXPECT_EQ(c.loops.size(), 2u);  // that one gets all 64 has a chance of 2^-63
  EXPECT_GE(c.cleaned_up, 64);
  EXPECT_EQ(c.s.drained.size(), 1u);
  EXPECT_EQ(c.s.told(), "");
}

static task<> keep_until_drain(crowd& c, stream peer) {
  co_await peer.send("in");
  co_await until_drain();
  ++c.cleaned_up;
}

BIGHT_TEST(threads, a_session_of_each_can_await_the_drain) {
  crowd c;
  serve_options two = c.s.options();
  two.threads = 2;
  two.grace = 1h;
  auto client = [](crowd& all_of_them) -> task<> {
    std::vector<stream> clients;
    for (int i = 0; i < 40; ++i) {
      clients.push_back(co_await tcp::connect(all_of_them.s.at.front()));
      EXPECT_EQ(co_await recv_exactly(clients.back(), 2), "in");
    }
    all_of_them.s.drain.set();
    for (stream& peer : clients) EXPECT_TRUE((co_await peer.recv()).empty());
  };
  co_await serve_for(c.s, tcp::serve("127.0.0.1:0", with(c, +keep_until_drain), two), client(c));
  EXPECT_EQ(c.cleaned_up, 40);
  EXPECT_EQ(c.s.told(), "");
}

BIGHT_TEST(threads, a_short_grace_period_cancels_the_sessions_of_all) {
  crowd c;
  serve_options two = c.s.options();
  two.threads = 2;
  two.grace = 10ms;
  auto client = [](crowd& all_of_them) -> task<> {
    std::vector<stream> clients;
    for (int i = 0; i < 40; ++i) {
      clients.push_back(co_await tcp::connect(all_of_them.s.at.front()));
      co_await expect_echo(clients.back(), "hello");
    }
    all_of_them.s.drain.set();
    for (stream& peer : clients) {
      auto end = co_await attempt(peer.recv());
      EXPECT_TRUE(!end || end->empty());
    }
  };
  co_await serve_for(c.s, tcp::serve("127.0.0.1:0", with(c, +note_loop_and_echo), two), client(c));
  EXPECT_EQ(c.cleaned_up, 40);
}

BIGHT_TEST(threads, a_signal_drains_all) {
  crowd c;
  serve_options two = c.s.options();
  two.threads = 2;
  two.signals = true;
  auto client = [](crowd& all_of_them) -> task<> {
    auto peer = co_await tcp::connect(all_of_them.s.at.front());
    co_await expect_echo(peer, "hello");
    needs_kernel("raises a signal of the process");
    ::raise(SIGTERM);
  };
  co_await serve_for(c.s, tcp::serve("127.0.0.1:0", with(c, +note_loop_and_echo), two), client(c));
  EXPECT_EQ(c.cleaned_up, 1);
}

BIGHT_TEST(threads, a_cancel_ends_all) {
  crowd c;
  serve_options two = c.s.options();
  two.threads = 2;
  auto client = [](crowd& all_of_them) -> task<> {
    co_await all_of_them.s.listening.wait();
    std::vector<stream> clients;
    for (int i = 0; i < 20; ++i) {
      clients.push_back(co_await tcp::connect(all_of_them.s.at.front()));
      co_await expect_echo(clients.back(), "hello");
    }
  };
  co_await race(tcp::serve("127.0.0.1:0", with(c, +note_loop_and_echo), two), client(c));
  EXPECT_EQ(c.cleaned_up, 20);
}

BIGHT_TEST(threads, datagrams_are_served_by_all) {
  served s;
  serve_options two = s.options();
  two.threads = 2;
  auto greet = [](udp::request asked) -> task<> {
    co_await asked.reply("Hello, ", asked.data(), "!");
  };
  auto client = [](served& server) -> task<> {
    for (int i = 0; i < 50; ++i) {
      auto peer = co_await udp::connect(server.at.front());
      co_await peer.send("you");
      EXPECT_EQ((co_await peer.recv()).data, "Hello, you!");
    }
  };
  co_await serve_for(s, udp::serve("127.0.0.1:0", greet, two), client(s));
  EXPECT_EQ(s.told(), "");
}

}  // namespace contract
