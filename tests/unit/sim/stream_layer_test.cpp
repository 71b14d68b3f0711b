// SPDX-License-Identifier: MIT
// Layers of a program's own in a simulated world: every function, and an end that takes too long.
#include <bight/stream_layer.hpp>

#include "unit/sim/net.hpp"

namespace bight::sim_test {
namespace {

// Never gets to the end of its end().
class stuck final : public stream_layer {
 public:
  explicit stuck(duration& ended_after) : ended_after_(ended_after) {}
  task<lease> recv(stream& below) override {
    auto receiving = stream_layer::recv(below);
    co_return co_await std::move(receiving);
  }
  task<> send(stream& below, std::span<piece> parts) override {
    auto sending = stream_layer::send(below, parts);
    co_await std::move(sending);
  }
  task<> end(stream& below) override {
    co_await stream_layer::end(below);
    const time_point begin = (co_await current_context()).now();
    auto waiting = co_await attempt(sleep(1h));
    EXPECT_TRUE(fails(waiting, errc::cancelled));
    ended_after_ = (co_await current_context()).now() - begin;
  }

 private:
  duration& ended_after_;
};

TEST(sim_stream_layer, an_end_that_takes_too_long_is_cut_by_a_reset) {
  two_hosts w;
  std::optional<result<std::string>> seen;
  w.b.start([&seen]() -> task<> {
    auto listening = co_await tcp::listen(":1");
    auto peer = co_await listening.accept();
    auto receiving = attempt(recv_all(peer));
    seen = co_await std::move(receiving);
  });
  duration ended_after{};
  const auto body = [&ended_after]() -> task<> {
    auto peer = co_await tcp::connect("b:1");
    auto upper = add_layer(std::move(peer), std::make_unique<stuck>(ended_after));
    co_await upper.send("hello");
    upper.close();
    co_await sleep(1min);
  };
  w.a.run(body());
  w.net.run_for(1s);
  ASSERT_TRUE(seen);
  EXPECT_TRUE(fails(*seen, errc::reset));
  EXPECT_GE(ended_after, 4s);
  EXPECT_LE(ended_after, 6s);
}

TEST(sim_stream_layer, does_not_keep_a_program_that_has_ended) {
  two_hosts w;
  w.b.start(serve_echo);
  duration ended_after{};
  const auto body = [&ended_after]() -> task<> {
    auto peer = co_await tcp::connect("b:7");
    auto upper = add_layer(std::move(peer), std::make_unique<stuck>(ended_after));
    co_await upper.send("hello");
    auto bytes = co_await upper.recv();
    EXPECT_EQ(bytes, "hello");
  };
  w.a.run(body());
  EXPECT_GE(ended_after, 1s);
  EXPECT_LE(ended_after, 3s);
}

}  // namespace
}  // namespace bight::sim_test
