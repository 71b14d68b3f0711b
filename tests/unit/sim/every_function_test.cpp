// SPDX-License-Identifier: MIT
// What programs can call works in a simulated world; tools/check_simulated says what is missing.
#include "base/names.hpp"
#include "unit/sim/net.hpp"

#include <array>
#include <csignal>

namespace bight::sim_test {
namespace {

task<> read_every_way(stream peer) {
  reader in(peer);
  EXPECT_EQ(co_await in.read_exactly(3), "abc");
  EXPECT_EQ(co_await in.read_until(";"), "until");
  auto line = co_await in.read_line();
  EXPECT_EQ(*line, "line");
  auto message = co_await in.read_message();
  EXPECT_EQ(*message, "message");
  EXPECT_EQ(co_await in.recv(2), "re");
  EXPECT_EQ(in.buffered(), 2u);
  writer out(peer);
  co_await out.write("gathered, ");
  co_await out.write("and sent");
  co_await out.flush();
  EXPECT_FALSE((co_await peer.try_recv()).has_value());
  co_await out.write("dropped");
  out.discard();
}

TEST(sim_functions, readers_and_writers) {
  two_hosts w;
  w.b.start(accept_one<read_every_way>);
  const auto body = []() -> task<> {
    auto peer = co_await tcp::connect("b:1");
    co_await peer.send("abcuntil;line\n", length_prefix(7), "message", "rest");
    EXPECT_EQ(co_await recv_all(peer), "gathered, and sent");
    EXPECT_GT(peer.idle() + 1ns, 0ns);
    EXPECT_TRUE(peer.id());
    EXPECT_EQ(peer.local().host(), "fd00::a00:1");
    EXPECT_TRUE(peer.get(options::no_delay));
  };
  w.a.run(body());
}

task<> nap() { co_await sleep(1s); }

TEST(sim_functions, scopes_races_and_events) {
  two_hosts w;
  w.b.start(serve_echo);
  const auto body = []() -> task<> {
    event go;
    auto waits = [](event& e) -> task<> { co_await e.wait(); };
    auto naps = [](scope& s) -> task<> {
      for (int i = 0; i < 3; ++i) s.spawn(nap());
      child<> extra = s.spawn([]() -> task<> { co_await sleep(1h); });
      extra.cancel();
      EXPECT_FALSE((co_await attempt(extra.join())).has_value());
      EXPECT_TRUE(extra.done());
    };
    co_await in_scope(naps);
    go.set();
    co_await go.wait();
    EXPECT_TRUE(go.is_set());
    go.reset();
    scope side(co_await current_context());
    side.spawn(waits(go));
    side.stop();
    EXPECT_TRUE(side.stopping());
    co_await side.join();
    auto peer = co_await tcp::connect("b:7");
    EXPECT_EQ((co_await race(peer.recv(), sleep(1s))).index(), 1u);
    co_await peer.send("x");
    EXPECT_EQ(std::get<0>(co_await all(peer.recv(), sleep(1s))), "x");
  };
  w.a.run(body());
}

TEST(sim_functions, queues_semaphores_and_mutexes) {
  two_hosts w;
  const auto body = []() -> task<> {
    queue<int> q(2);
    co_await q.push(1);
    EXPECT_TRUE(q.try_push(2));
    EXPECT_EQ(q.capacity(), q.size());
    EXPECT_FALSE((co_await attempt(within(1h, q.push(3)))).has_value());
    EXPECT_EQ(co_await q.pop(), 1);
    EXPECT_EQ(q.try_pop(), 2);
    EXPECT_TRUE(q.empty());
    q.close();
    EXPECT_TRUE(q.is_closed());
    EXPECT_EQ(co_await q.pop(), std::nullopt);
    semaphore two(2);
    auto both = co_await two.acquire(2);
    EXPECT_EQ(both.count(), 2u);
    EXPECT_FALSE(two.try_acquire());
    both.detach();
    two.release();
    EXPECT_EQ(two.available(), 1u);
    mutex m;
    auto guard = co_await m.lock();
    EXPECT_TRUE(m.is_locked());
    EXPECT_FALSE(m.try_lock());
    guard.unlock();
  };
  w.a.run(body());
}

TEST(sim_functions, ticks_turns_and_random_numbers) {
  two_hosts w;
  w.a.run([]() -> task<> {
    interval seconds(1s);
    const time_point start = co_await now();
    EXPECT_EQ(co_await seconds.tick(), 1u);
    EXPECT_EQ(co_await now() - start, seconds.period());
    co_await yield();
    auto random = co_await random_numbers();
    EXPECT_LT(random.below(10), 10u);
    std::array<std::byte, 4> key{};
    random.fill(key);
    EXPECT_TRUE(retry_policy::is_transient(error(errc::reset, "recv")));
    EXPECT_EQ(co_await retry(retry_policy(), []() -> task<int> { co_return 5; }), 5);
  }());
}

task<> greet(udp::request asked) {
  EXPECT_FALSE(asked.truncated());
  EXPECT_NE(asked.from().port(), 0);
  EXPECT_EQ(asked.to().port(), 9);
  co_await asked.reply("Hello, ", asked.data(), "!");
}

TEST(sim_functions, datagrams) {
  two_hosts w;
  w.b.start([]() -> task<> { co_await udp::serve(":9", greet, silent()); });
  const auto body = []() -> task<> {
    auto peer = co_await udp::connect("b:9");
    co_await peer.send("you");
    EXPECT_EQ((co_await peer.recv()).data, "Hello, you!");
    EXPECT_EQ(peer.remote().port(), 9);
    auto one = co_await udp::bind("127.0.0.1:0");
    auto two = co_await udp::bind("127.0.0.1:0");
    co_await one.send_to(two.local(), "by address");
    EXPECT_EQ((co_await two.recv()).from, one.local());
    co_await one.send_many_to(two.local(), "aabb", 2);
    auto many = co_await two.recv_many();
    EXPECT_EQ(many.size(), 2u);
    auto aimed = co_await udp::connect(two.local());
    co_await aimed.send_many("ccdd", 2);
    EXPECT_EQ((co_await two.recv()).data, "cc");
    EXPECT_EQ((co_await two.recv(1)).data, "d");
    aimed.set(options::broadcast, true);
    two.close();
    co_await aimed.send("nobody");
    auto refused = co_await attempt(aimed.recv());
    EXPECT_TRUE(fails(refused, errc::refused));
  };
  w.a.run(body());
}

TEST(sim_functions, unix_sockets) {
  two_hosts w;
  w.a.start([]() -> task<> { co_await unix_socket::serve("/run/echo", echo, silent()); });
  const auto body = []() -> task<> {
    co_await sleep(1ms);
    auto peer = co_await unix_socket::connect("/run/echo");
    co_await peer.send("x");
    EXPECT_EQ(co_await peer.recv(), "x");
    auto missing = co_await attempt(unix_socket::connect("/run/nothing"));
    EXPECT_TRUE(fails(missing, errc::bad_address));
    auto listening = co_await unix_socket::listen("@name");
    auto by_address = co_await tcp::connect("unix:@name");
    EXPECT_EQ(listening.local().str(), "unix:@name");
  };
  w.a.run(body());
  const auto elsewhere = []() -> task<> {  // another host has other files
    auto none = co_await attempt(unix_socket::connect("/run/echo"));
    EXPECT_TRUE(fails(none, errc::bad_address));
  };
  w.b.run(elsewhere());
}

TEST(sim_functions, signals) {
  two_hosts w;
  const auto wait = []() -> task<int> { co_return co_await next_signal(); };
  w.net.after(1s, [&w] { w.a.signal(SIGINT); });
  EXPECT_EQ(w.a.run(wait()), SIGINT);
  const auto wait_longer = []() -> task<int> { co_return co_await next_hangup(); };
  w.net.after(1s, [&w] { w.a.signal(SIGHUP); });
  EXPECT_EQ(w.a.run(wait_longer()), SIGHUP);
}

TEST(sim_functions, worlds) {
  two_hosts w({.seed = 5});
  EXPECT_EQ(w.net.seed(), 5u);
  EXPECT_TRUE(w.net.faults().on.empty());
  EXPECT_EQ(w.net.faults_struck(), 0u);
  EXPECT_EQ(w.net.random("sizes").next(), w.net.random("sizes").next());
  w.b.start(serve_echo);
  w.net.isolate(w.b);
  const auto silence = []() -> task<> {
    auto none = co_await attempt(within(10s, tcp::connect("b:7")));
    EXPECT_TRUE(fails(none, errc::timed_out));
  };
  w.a.run(silence());
  EXPECT_NE(w.net.waiting().find("b waits for"), std::string::npos) << w.net.waiting();
  w.net.heal();
  w.net.one_way(w.b, w.a) = {.latency = 1s};
  bool called = false;
  w.net.after(20s, [&called] { called = true; });
  w.net.run_until([&called] { return called; });
  const auto body = []() -> task<> { auto peer = co_await tcp::connect("b:7"); };
  w.net.run_for(1s);
  const duration before = w.net.now();
  w.a.run(body());
  EXPECT_GE(w.net.now() - before, 1s);
  w.net.end();
}

}  // namespace
}  // namespace bight::sim_test
