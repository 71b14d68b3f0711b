// SPDX-License-Identifier: MIT
// Two tasks on one socket: each receive gets the right bytes in the right order, or fails with
// errc::busy.
#include <bight/stream.hpp>

#include "contract/contract.hpp"
#include "contract/tls_pair.hpp"

#include <array>
#include <random>

namespace contract {

namespace {

constexpr std::uint64_t seeds = 60;

// The calls that two tasks make on one stream, drawn from a seed, and what has come of them.
struct draws {
  explicit draws(std::uint64_t seed) : draw(seed) {}

  [[nodiscard]] std::uint64_t below(std::uint64_t n) { return draw() % n; }
  void take(std::string_view bytes) {
    if (!pattern::matches(came, bytes)) ++wrong;
    came += bytes.size();
    if (bytes.empty()) ended = true;
  }

  std::mt19937_64 draw;
  std::uint64_t came = 0;
  std::size_t wrong = 0;
  std::size_t refused = 0;
  bool ended = false;
};

task<> receive_and_take(stream& from, draws& p, std::size_t max) {
  auto said = co_await from.recv(max);
  p.take(said);
}

// One receive of some kind. What it took is looked at in the turn in which its coroutine goes on.
task<> receive_somehow(stream& from, draws& p) {
  const std::size_t max = 1 + p.below(5);
  std::array<std::byte, 8> buffer;
  std::optional<error> failure;
  switch (p.below(4)) {
    case 0: {
      auto said = co_await attempt(from.recv(max));
      said ? p.take(*said) : void(failure.emplace(said.error()));
      break;
    }
    case 1: {
      auto count = co_await attempt(from.recv_into(std::span(buffer).first(max)));
      count ? p.take({reinterpret_cast<const char*>(buffer.data()), *count})
            : void(failure.emplace(count.error()));
      break;
    }
    case 2: {
      auto said = co_await attempt(within(std::chrono::microseconds(p.below(80)), from.recv(max)));
      said ? p.take(*said) : void(failure.emplace(said.error()));
      break;
    }
    default: {
      const auto wait = std::chrono::microseconds(p.below(80));
      auto won = co_await attempt(race(receive_and_take(from, p, max), sleep(wait)));
      if (!won) failure.emplace(won.error());
    }
  }
  if (!failure) co_return;
  const bool ordinary = failure->is(errc::busy) || failure->is(errc::timed_out);
  EXPECT_TRUE(ordinary) << failure->what();
  if (failure->is(errc::busy)) ++p.refused;
}

task<> keep_receiving(stream& from, draws& p) {
  while (!p.ended) {
    co_await receive_somehow(from, p);
    for (std::uint64_t i = p.below(3); i > 0; --i) co_await sleep(0ns);
  }
}

task<> send_in_bits(stream& to, std::uint64_t seed) {
  draws p(seed);
  std::uint64_t gone = 0;
  for (int i = 0; i < 200; ++i) {
    const std::string_view next = pattern::at(gone, 1 + p.below(9));
    co_await to.send(next);
    gone += next.size();
    for (std::uint64_t k = p.below(4); k > 0; --k) co_await sleep(0ns);
  }
  to.shutdown_send();
}

task<std::size_t> play_on(stream& here, stream& there, std::uint64_t seed) {
  draws p(seed);
  co_await all(send_in_bits(there, seed), keep_receiving(here, p), keep_receiving(here, p),
               keep_receiving(here, p));
  EXPECT_EQ(p.wrong, 0u) << "seed " << seed;
  co_return p.refused;
}

}  // namespace

BIGHT_TEST(busy, receives_of_several_tasks_in_any_order_lose_and_swap_nothing) {
  std::size_t refused = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    auto pair = co_await connected();
    refused += co_await play_on(pair.here, pair.there, seed);
  }
  EXPECT_GT(refused, 0u);
}

BIGHT_TEST(busy, receives_of_several_tasks_over_tls_lose_and_swap_nothing) {
  std::size_t refused = 0;
  for (std::uint64_t seed = 1; seed <= seeds / 4; ++seed) {
    auto pair = co_await connected_by_tls();
    refused += co_await play_on(pair.here, pair.there, seed);
  }
  EXPECT_GT(refused, 0u);
}

namespace {

struct order {
  std::string came;
  std::vector<errc> failed;
};

template <class Received>
void note(order& o, const result<Received>& got) {
  if (got)
    o.came += std::string_view(*got);
  else
    o.failed.push_back(got.error().is(errc::busy) ? errc::busy : errc::cancelled);
}

// A receive waits; then its byte is there, and before its coroutine goes on another task asks.
template <class Endpoint>
task<> receive_and_note(Endpoint& from, order& o, std::size_t max) {
  note(o, co_await attempt(from.recv(max)));
}

}  // namespace

BIGHT_TEST(busy, a_receive_between_a_byte_and_its_coroutine_is_refused) {
  for (int turns = 0; turns < 4; ++turns) {
    auto pair = co_await connected();
    auto signal = co_await connected();
    order o;
    // Woken before the first receive, in the same turn: its socket is asked first.
    auto second = [](stream& woken, stream& from, order& into) -> task<> {
      static_cast<void>(co_await woken.recv());
      co_await receive_and_note(from, into, 1);
    };
    auto talk = [](stream& wake, stream& to, int wait) -> task<> {
      co_await wake.send("go");
      co_await to.send("AB");
      co_await some_turns(wait);
      co_await to.send("C");
      to.shutdown_send();
    };
    co_await all(second(signal.here, pair.here, o), receive_and_note(pair.here, o, 1),
                 talk(signal.there, pair.there, turns));
    const std::string rest = co_await recv_all(pair.here);
    EXPECT_EQ(o.came + rest, "ABC");
  }
}

BIGHT_TEST(busy, datagrams_to_two_receives_stay_in_order) {
  auto here = co_await udp::bind("127.0.0.1:0");
  auto there = co_await udp::connect(here.local());
  auto signal = co_await udp::bind("127.0.0.1:0");
  auto wake = co_await udp::connect(signal.local());
  order o;
  auto second = [](udp::socket& woken, udp::socket& from, order& into) -> task<> {
    static_cast<void>(co_await woken.recv());
    co_await receive_and_note(from, into, 9);
  };
  auto talk = [](udp::socket& wakes, udp::socket& to) -> task<> {
    co_await some_turns();
    co_await wakes.send("go");
    co_await to.send("1");
    co_await to.send("2");
  };
  co_await all(second(signal, here, o), receive_and_note(here, o, 9), talk(wake, there));
  if (o.came.size() < 2) o.came += (co_await here.recv()).data.str();
  EXPECT_EQ(o.came, "12");
}

BIGHT_TEST(busy, a_receive_that_is_stopped_with_its_byte_returns_it_before_the_next_receive) {
  auto pair = co_await connected();
  auto signal = co_await connected();
  order o;
  scope first(co_await current_context());
  first.spawn(receive_and_note(pair.here, o, 1));
  auto stopper = [](stream& woken, stream& from, scope& other, order& into) -> task<> {
    static_cast<void>(co_await woken.recv());
    other.stop();
    co_await receive_and_note(from, into, 1);
  };
  auto talk = [](stream& wake, stream& to) -> task<> {
    co_await some_turns();
    co_await wake.send("go");
    co_await to.send("ABC");
    to.shutdown_send();
  };
  co_await all(stopper(signal.here, pair.here, first, o), talk(signal.there, pair.there));
  co_await first.join();
  const std::string rest = co_await recv_all(pair.here);
  EXPECT_EQ(o.came + rest, "ABC");
}

}  // namespace contract
