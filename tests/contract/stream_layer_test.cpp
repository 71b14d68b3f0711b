// SPDX-License-Identifier: MIT
// Streams with a layer of the program's own.
#include <bight/stream_layer.hpp>
#include <bight/tls.hpp>

#include "contract/contract.hpp"
#include "contract/tls_trial.hpp"

#include <stdexcept>
#include <string>

namespace contract {

namespace {

struct plain_layer : stream_layer {};

// Changes each byte, sends in lines of eight bytes at least, and marks the end.
class scrambling final : public stream_layer {
 public:
  static std::string scrambled(std::string_view text) {
    std::string out(text);
    for (char& c : out) c = static_cast<char>(c ^ 0x20);
    return out;
  }

  task<lease> recv(stream& below) override {
    auto bytes = co_await below.recv();
    const std::string out = scrambled(bytes);
    co_return lease::copy_of(std::string_view(out));
  }
  task<> send(stream& below, std::span<piece> parts) override {
    for (const piece& p : parts) kept_.append(static_cast<const char*>(p.data), p.size);
    if (kept_.size() < 8) co_return;
    const std::string out = scrambled(std::exchange(kept_, {}));
    co_await below.send(out);
  }
  task<> end(stream& below) override {
    const std::string out = scrambled(kept_) + "END";
    co_await below.send(out);
  }

 private:
  std::string kept_;
};

struct failing_layer : stream_layer {
  task<lease> recv(stream& below) override {
    auto bytes = co_await below.recv(1);
    if (bytes == "x") throw std::runtime_error("no x, please");
    co_return bytes;
  }
};

template <class Layer>
stream with_layer(stream below) {
  return add_layer(std::move(below), std::make_unique<Layer>());
}

}  // namespace

BIGHT_TEST(stream_layer, that_does_nothing_changes_nothing) {
  auto pair = co_await connected();
  const address here = pair.here.local();
  const address there = pair.here.remote();
  stream upper = with_layer<plain_layer>(with_layer<plain_layer>(std::move(pair.here)));
  EXPECT_EQ(upper.local(), here);
  EXPECT_EQ(upper.remote(), there);
  EXPECT_TRUE(upper.can_send());
  upper.set(options::no_delay, true);
  auto both = all(send_pattern(upper, 300'000), send_pattern(pair.there, 300'000),
                  expect_pattern(upper, 300'000), expect_pattern(pair.there, 300'000));
  co_await std::move(both);
  EXPECT_FALSE(upper.can_send());
  auto late = co_await attempt(upper.send("late"));
  EXPECT_TRUE(fails(late, errc::closed));
}

BIGHT_TEST(stream_layer, changes_bytes_and_sends_what_it_kept_at_the_end) {
  auto pair = co_await connected();
  stream upper = with_layer<scrambling>(std::move(pair.here));
  co_await upper.send("abc");
  co_await upper.send("def", "gh");
  auto first = co_await pair.there.recv();
  EXPECT_EQ(first, "ABCDEFGH");
  co_await upper.send("ij");
  upper.shutdown_send();
  upper.shutdown_send();
  auto receiving = recv_all(pair.there);
  EXPECT_EQ(co_await std::move(receiving), "IJEND");
  co_await pair.there.send("ANSWER");
  auto part = co_await upper.recv(3);
  EXPECT_EQ(part, "ans");
  auto rest = co_await upper.recv();
  EXPECT_EQ(rest, "wer");
}

BIGHT_TEST(stream_layer, a_close_sends_what_the_layer_kept) {
  auto pair = co_await connected();
  {
    stream upper = with_layer<scrambling>(std::move(pair.here));
    co_await upper.send("abc");
  }
  auto receiving = recv_all(pair.there);
  EXPECT_EQ(co_await std::move(receiving), "ABCEND");
}

BIGHT_TEST(stream_layer, cancelled_receives_lose_nothing) {
  auto pair = co_await connected();
  stream upper = with_layer<plain_layer>(std::move(pair.here));
  auto impatient = [](stream& from) -> task<std::string> {
    std::string got;
    for (;;) {
      auto bytes = co_await attempt(within(100us, from.recv(3)));
      if (!bytes && bytes.error().is(errc::timed_out)) continue;
      if (bytes.value().empty()) co_return got;
      got += bytes->view();
    }
  };
  auto drip = [](stream& to) -> task<> {
    for (int i = 0; i < 50; ++i) {
      co_await to.send(std::to_string(i) + ",");
      co_await sleep(200us);
    }
    to.close();
  };
  auto both = all(impatient(upper), drip(pair.there));
  auto got = std::get<0>(co_await std::move(both));
  std::string expected;
  for (int i = 0; i < 50; ++i) expected += std::to_string(i) + ",";
  EXPECT_EQ(got, expected);
}

BIGHT_TEST(stream_layer, its_error_is_the_streams_error_and_stays) {
  auto pair = co_await connected();
  stream upper = with_layer<failing_layer>(std::move(pair.here));
  co_await pair.there.send("ax");
  auto a = co_await upper.recv();
  EXPECT_EQ(a, "a");
  for (int i = 0; i < 2; ++i) {
    auto failed = co_await attempt(upper.recv());
    EXPECT_TRUE(fails(failed, errc::invalid));
    EXPECT_NE(std::string(failed.error().what()).find("no x, please"), std::string::npos)
        << failed.error().what();
  }
  co_await upper.send("the other direction works");
}

BIGHT_TEST(stream_layer, one_receive_and_one_send_at_a_time) {
  auto pair = co_await connected();
  stream upper = with_layer<plain_layer>(std::move(pair.here));
  auto twice = [](stream& from) -> task<> {
    auto second = co_await attempt(from.recv());
    EXPECT_TRUE(fails(second, errc::busy));
  };
  auto first = [](stream& from) -> task<> {
    auto bytes = co_await from.recv();
    EXPECT_EQ(bytes, "x");
  };
  auto answer = [](stream& to) -> task<> { co_await to.send("x"); };
  auto all_three = all(first(upper), twice(upper), answer(pair.there));
  co_await std::move(all_three);
}

BIGHT_TEST(stream_layer, a_close_ends_a_receive_and_a_send_in_flight) {
  auto pair = co_await connected();
  stream upper = with_layer<plain_layer>(std::move(pair.here));
  auto receive = [](stream& from) -> task<> {
    auto end = co_await attempt(from.recv());
    EXPECT_TRUE(fails(end, errc::cancelled));
  };
  auto flood = [](stream& to) -> task<> {
    const std::string much(1 << 20, 'x');
    for (;;) {
      auto sent = co_await attempt(to.send(much));
      if (sent) continue;
      EXPECT_TRUE(fails(sent, errc::cancelled));
      EXPECT_LT(sent.error().transferred(), much.size());
      co_return;
    }
  };
  auto close = [](stream& s) -> task<> {
    co_await sleep(20ms);
    s.abort();
  };
  auto all_three = all(receive(upper), flood(upper), close(upper));
  co_await std::move(all_three);
  EXPECT_FALSE(upper);
  auto receiving = attempt(recv_all(pair.there));
  auto end = co_await std::move(receiving);
  EXPECT_TRUE(fails(end, errc::reset));
}

BIGHT_TEST(stream_layer, of_a_session_that_fails_is_not_ended_in_order) {
  served s;
  auto handler = [](stream peer) -> task<> {
    stream upper = with_layer<scrambling>(std::move(peer));
    auto what = co_await upper.recv();
    co_await upper.send("kept");
    if (what == "fail") throw error(errc::invalid, "test");
  };
  auto client = [](served& server) -> task<> {
    auto good = co_await tcp::connect(server.at.front());
    co_await good.send("PASS");
    auto receiving = recv_all(good);
    EXPECT_EQ(co_await std::move(receiving), "KEPTEND");
    auto bad = co_await tcp::connect(server.at.front());
    co_await bad.send("FAIL");
    auto failing = attempt(recv_all(bad));
    auto end = co_await std::move(failing);
    EXPECT_TRUE(fails(end, errc::reset));
  };
  co_await serve_for(s, tcp::serve("127.0.0.1:0", handler, s.options()), client(s));
  EXPECT_EQ(s.errors.size(), 1u) << s.told();
}

BIGHT_TEST(stream_layer, stands_below_and_above_tls) {
  served s;
  std::string pin;
  tls::serve_options how;
  how.on_pin = [&pin](const std::string& made) { pin = made; };
  const tls::acceptor server(how);
  auto handler = [&server](stream peer) -> task<> {
    auto accepting = server.accept(with_layer<plain_layer>(std::move(peer)));
    stream secure = with_layer<plain_layer>(co_await std::move(accepting));
    while (auto bytes = co_await secure.recv()) co_await secure.send(bytes);
  };
  auto client = [](served& of, const std::string& trusted) -> task<> {
    auto plain = co_await tcp::connect(of.at.front());
    tls::connect_options trust;
    trust.pins.push_back(trusted);
    address to = of.at.front();
    auto connecting = tls::connect(with_layer<plain_layer>(std::move(plain)), to, trust);
    stream secure = co_await std::move(connecting);
    co_await expect_echo(secure, "through four layers");
  };
  co_await serve_for(s, tcp::serve("127.0.0.1:0", handler, s.options()), client(s, server.pin()));
  EXPECT_EQ(s.told(), "");
}

BIGHT_TEST(stream_layer, a_deadline_on_a_send_says_what_was_sent) {
  auto pair = co_await connected();
  stream upper = with_layer<plain_layer>(std::move(pair.here));
  const std::string much(64 << 20, 'x');
  auto sent = co_await attempt(within(50ms, upper.send(much)));
  EXPECT_TRUE(fails(sent, errc::timed_out));
  EXPECT_GT(sent.error().transferred(), 0u);
  EXPECT_LT(sent.error().transferred(), much.size());
  const auto told = sent.error().transferred();
  upper.shutdown_send();
  auto receiving = recv_all(pair.there);
  EXPECT_EQ((co_await std::move(receiving)).size(), told);
}

}  // namespace contract
