// SPDX-License-Identifier: MIT
// TLS in a simulated world is the real one; chance and date are the world's.
#include "base/names.hpp"
#include "contract/certificates.hpp"
#include "unit/sim/net.hpp"

#include <chrono>

namespace bight::sim_test {
namespace {

using std::chrono::sys_seconds;

// A server with a certificate made on the spot; made before the world whose programs use it.
struct secure_echo {
  std::string pin;

  [[nodiscard]] tls::connect_options trusted() const {
    tls::connect_options how;
    how.pins.push_back(pin);
    return how;
  }
  callback<task<>()> program() {
    return [this]() -> task<> {
      tls::serve_options how;
      how.on_pin = [this](const std::string& made) { pin = made; };
      how.server = silent();
      co_await tls::serve(":443", echo, std::move(how));
    };
  }
};

task<bool> talk(const secure_echo& with) {
  auto peer = co_await tls::connect("b:443", with.trusted());
  co_await peer.send("hello");
  EXPECT_EQ(co_await peer.recv(), "hello");
  const bool resumed = tls::info(peer)->resumed;
  peer.shutdown_send();
  EXPECT_TRUE((co_await peer.recv()).empty());
  co_return resumed;
}

std::uint64_t hash_of_talks(std::uint64_t seed) {
  secure_echo server;
  two_hosts w({.seed = seed});
  w.b.start(server.program());
  w.net.run_for(1ms);
  EXPECT_FALSE(w.a.run(talk(server)));
  EXPECT_TRUE(w.a.run(talk(server)));  // goes on where the first left off
  return w.net.hash();
}

TEST(sim_tls, a_seed_is_the_same_bytes_each_time) {
  const std::uint64_t one = hash_of_talks(1);
  EXPECT_EQ(hash_of_talks(1), one);
  EXPECT_NE(hash_of_talks(2), one);
}

TEST(sim_tls, sessions_are_resumed_as_long_as_the_date_of_the_world_allows) {
  secure_echo server;
  two_hosts w;
  w.b.start(server.program());
  w.net.run_for(1ms);
  EXPECT_FALSE(w.a.run(talk(server)));
  w.net.run_for(1h);
  EXPECT_TRUE(w.a.run(talk(server)));
  w.net.run_for(3h);  // two are what OpenSSL gives a session
  EXPECT_FALSE(w.a.run(talk(server)));
  w.b.step_clock(3h);  // only the server's
  EXPECT_FALSE(w.a.run(talk(server)));
}

// Connects in a world that begins at that date, on a machine whose clock is `ahead` of it.
result<void> connect_at(sys_seconds date, duration ahead) {
  contract::certificates files;
  const auto root = files.authority("root");
  const auto leaf = files.make(contract::certificate_plan(), root);
  two_hosts w({.date = date});
  w.b.start([leaf]() -> task<> {
    tls::serve_options how;
    how.certificate = leaf.certificate;
    how.key = leaf.key;
    how.server = silent();
    co_await tls::serve(":443", echo, std::move(how));
  });
  w.a.step_clock(ahead);
  const auto body = [](std::string authorities) -> task<result<void>> {
    tls::connect_options how;
    how.authorities = std::move(authorities);
    how.name = "localhost";
    auto outcome = co_await attempt(tls::connect("b:443", std::move(how)));
    if (!outcome) co_return outcome.error();
    co_return result<void>();
  };
  return w.a.run(body(root.certificate));
}

TEST(sim_tls, certificates_are_judged_by_the_date_of_the_host) {
  // They are made by the machine's, and hold from an hour before it to a day behind it.
  const auto now =
      std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
  EXPECT_TRUE(static_cast<bool>(connect_at(now, 0s)));
  EXPECT_TRUE(fails(connect_at(now - 2h, 0s), errc::certificate_not_yet_valid));
  EXPECT_TRUE(fails(connect_at(now + 25h, 0s), errc::certificate_expired));
  EXPECT_TRUE(fails(connect_at(now, 25h), errc::certificate_expired));
}

TEST(sim_tls, every_moment_of_a_connection_survives_the_end_of_a_host) {
  // A handshake and an echo are over after 100 ms; the farewell takes as long.
  for (int ms = 0; ms < 220; ms += 3) {
    for (const bool kills : {true, false}) {
      secure_echo server;
      two_hosts w;
      w.b.start(server.program());
      w.net.run_for(1ms);
      w.a.start([&server]() -> task<> {
        static_cast<void>(co_await attempt(within(10s, talk(server))));
      });
      sim::host& victim = ms % 2 == 0 ? w.a : w.b;
      w.net.after(std::chrono::milliseconds(ms), [&] { kills ? victim.kill() : victim.crash(); });
      w.net.run_for(20s);
      w.net.end();
    }
  }
}

TEST(sim_functions, custom_tls_servers) {
  const tls::acceptor* shared = nullptr;
  two_hosts w;
  w.b.start([&shared]() -> task<> {
    tls::acceptor door((tls::serve_options()));
    shared = &door;
    door.reload();
    auto listening = co_await tcp::listen(":1");
    auto below = co_await listening.accept();
    auto peer = co_await door.accept(std::move(below));
    EXPECT_EQ(co_await peer.recv(), "x");
    EXPECT_EQ(tls::info(peer)->name, "b");
    co_await peer.send("y");
    shared = nullptr;
  });
  w.net.run_for(1ms);
  const auto body = [](const tls::acceptor* door) -> task<> {
    tls::connect_options how;
    how.pins.push_back(door->pin());
    auto below = co_await tcp::connect("b:1");
    auto peer = co_await tls::connect(std::move(below), "b:1", std::move(how));
    co_await peer.send("x");
    EXPECT_EQ(co_await peer.recv(), "y");
  };
  w.a.run(body(shared));
}

}  // namespace
}  // namespace bight::sim_test
