// SPDX-License-Identifier: MIT
// What a world fails at, and how it is told.
#include "unit/sim/net.hpp"

#include <functional>
#include <optional>

namespace bight::sim_test {
namespace {

std::string report_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const sim::failure& e) {
    return e.what();
  }
  return "nothing failed";
}

TEST(sim_world, a_deadlock_report_says_who_waits_for_what) {
  two_hosts w;
  const auto wait = []() -> task<> {
    auto listening = co_await tcp::listen("10.0.0.1:1");
    auto peer = co_await listening.accept();
  };
  const std::string told = report_of([&] { w.a.run(wait()); });
  EXPECT_NE(told.find("deadlock"), std::string::npos) << told;
  EXPECT_NE(told.find("accept on 10.0.0.1:1"), std::string::npos) << told;
}

TEST(sim_world, the_limits_of_time_and_events_are_kept) {
  two_hosts w({.time_max = 10s});
  const std::string told = report_of([&] { w.a.run(sleep_for(1h)); });
  EXPECT_NE(told.find("limit of time"), std::string::npos) << told;
  EXPECT_NE(told.find("1 timers"), std::string::npos) << told;
  two_hosts v({.events_max = 1000});
  const auto spin = []() -> task<> {
    for (;;) co_await sleep(0s);
  };
  const std::string spun = report_of([&] { v.a.run(spin()); });
  EXPECT_NE(spun.find("limit of events"), std::string::npos) << spun;
}

TEST(sim_world, a_program_that_ends_with_an_error_fails_the_world) {
  two_hosts w;
  w.b.start([]() -> task<> {
    throw error(errc::invalid, "what it tried");
    co_return;
  });
  const std::string told = report_of([&] { w.a.run(sleep_for(1s)); });
  EXPECT_NE(told.find("program of b"), std::string::npos) << told;
  EXPECT_NE(told.find("what it tried"), std::string::npos) << told;
}

TEST(sim_world, a_program_that_leaves_a_socket_open_fails_the_world) {
  two_hosts w;
  w.b.start(serve_echo);
  std::optional<stream> kept;
  struct keeper {
    std::optional<stream>* into;
    BIGHT_CORO_WRAPPER task<> operator()() const { return keep(*into); }
    static task<> keep(std::optional<stream>& there) {
      there.emplace(co_await tcp::connect("10.0.0.2:7"));
    }
  };
  w.a.start(keeper{&kept});
  const std::string told = report_of([&] { w.net.run_for(1s); });
  EXPECT_NE(told.find("program of a has ended and left 1 sockets open"), std::string::npos) << told;
  EXPECT_EQ(w.net.alive(), sim::census());
}

// Says when it goes.
struct watched {
  bool* gone;
  explicit watched(bool& g) : gone(&g) {}
  watched(const watched&) = delete;
  watched& operator=(const watched&) = delete;
  ~watched() { *gone = true; }
};

TEST(sim_world, programs_have_ended_when_a_failure_is_reported) {
  using drives = std::function<void(two_hosts&)>;
  const drives wait_for_ever = [](two_hosts& w) {
    const auto body = []() -> task<> {
      auto listening = co_await tcp::listen(":1");
      auto peer = co_await listening.accept();
    };
    w.a.run(body());
  };
  const drives fail_beside_it = [](two_hosts& w) {
    w.a.start([]() -> task<> {
      co_await sleep(1s);
      throw error(errc::invalid, "what it tried");
    });
    w.net.run_for(1h);
  };
  const drives ask_in_vain = [](two_hosts& w) {
    w.net.run_until([]() -> bool { throw sim::failure("enough"); });
  };
  for (const drives& drive : {wait_for_ever, fail_beside_it, ask_in_vain}) {
    bool gone = false;
    bool began = false;
    two_hosts w({.time_max = 2h});
    w.b.start([&gone, &began]() -> task<> {
      began = true;
      const watched here(gone);
      auto listening = co_await tcp::listen(":1");
      auto peer = co_await listening.accept();
    });
    w.net.run_for(1s);
    EXPECT_TRUE(began && !gone);
    EXPECT_NE(report_of([&] { drive(w); }), "nothing failed");
    EXPECT_TRUE(gone);
    EXPECT_EQ(w.net.alive(), sim::census());
    w.b.restart();  // and the world can go on
    w.net.run_for(1s);
    EXPECT_EQ(w.net.alive().sockets, 1u);
  }
}

TEST(sim_world, an_error_of_the_driving_task_ends_nothing_else) {
  two_hosts w;
  w.b.start(serve_echo);
  const auto body = []() -> task<> {
    throw error(errc::invalid, "what it tried");
    co_return;
  };
  EXPECT_THROW(w.a.run(body()), error);
  EXPECT_TRUE(w.b.running());
  w.a.run(chat(1));
}

TEST(sim_world, an_error_is_reported_before_the_deadlock_that_it_causes) {
  two_hosts w;
  w.b.start([]() -> task<> {
    throw error(errc::invalid, "what it tried");
    co_return;
  });
  const auto wait = []() -> task<> {
    auto listening = co_await tcp::listen(":1");
    auto peer = co_await listening.accept();
  };
  const std::string told = report_of([&] { w.a.run(wait()); });
  EXPECT_NE(told.find("what it tried"), std::string::npos) << told;
}

TEST(sim_world, descriptors_run_out) {
  two_hosts w;
  w.b.start(serve_echo);
  w.a.limit_descriptors(2);
  const auto body = []() -> task<> {
    auto one = co_await tcp::connect("10.0.0.2:7");
    auto two = co_await tcp::connect("10.0.0.2:7");
    auto three = co_await attempt(tcp::connect("10.0.0.2:7"));
    EXPECT_TRUE(fails(three, errc::too_many_files));
    one.close();
    auto four = co_await attempt(tcp::connect("10.0.0.2:7"));
    EXPECT_TRUE(static_cast<bool>(four));
  };
  w.a.run(body());
}

// ── Buffers ─────────────────────────────────────────────────────────────────────────────────────

TEST(sim_world, bytes_that_change_while_they_are_sent_are_reported) {
  two_hosts w;
  w.b.start([]() -> task<> {
    auto listening = co_await tcp::listen(":1");
    auto peer = co_await listening.accept();
    co_await sleep(1s);
    static_cast<void>(co_await recv_all(peer));
  });
  const auto body = [](two_hosts& of) -> task<> {
    auto peer = co_await tcp::connect("b:1");
    std::string much(5'000'000, 'x');
    of.net.after(500ms, [&much] { much[530'000] = 'y'; });
    std::string& borrowed = much;
    co_await peer.send(borrowed);
  };
  const std::string told = report_of([&] { w.a.run(body(w)); });
  EXPECT_NE(told.find("changed the bytes"), std::string::npos) << told;
}

TEST(sim_world, a_buffer_that_is_received_into_is_poisoned_until_the_bytes_come) {
  two_hosts w;
  w.b.start([]() -> task<> {
    auto listening = co_await tcp::listen(":1");
    auto peer = co_await listening.accept();
    co_await sleep(1s);
    co_await peer.send("now");
    co_await sleep(1s);
  });
  std::string buffer(8, '-');
  w.net.after(500ms, [&buffer] { EXPECT_EQ(buffer, std::string(8, '\xdb')); });
  const auto body = [](std::string& into) -> task<> {
    auto peer = co_await tcp::connect("b:1");
    EXPECT_EQ(co_await peer.recv_into(std::as_writable_bytes(std::span(into))), 3u);
    EXPECT_EQ(into.substr(0, 3), "now");
  };
  w.a.run(body(buffer));
}

}  // namespace
}  // namespace bight::sim_test
