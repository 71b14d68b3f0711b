// SPDX-License-Identifier: MIT
// Whoever wakes a program, the program goes on: the scenario, a predicate, another program.
#include "unit/sim/net.hpp"

#include <optional>

namespace bight::sim_test {
namespace {

TEST(sim_waking, a_drain_that_the_scenario_sets_ends_a_server) {
  event drain;
  two_hosts w;
  w.b.start([&drain]() -> task<> {
    serve_options how = silent();
    how.drain = &drain;
    co_await tcp::serve(":7", echo, how);
  });
  w.net.after(1s, [&drain] { drain.set(); });
  w.net.run_until([&w] { return !w.b.running(); });
  EXPECT_EQ(w.net.now(), 1s);
}

TEST(sim_waking, an_event_that_is_set_between_two_drives_is_noticed) {
  event go;
  two_hosts w;
  w.b.start([&go]() -> task<> { co_await go.wait(); });
  w.net.run_for(1s);
  go.set();
  w.net.run_until([&w] { return !w.b.running(); });
  EXPECT_EQ(w.net.now(), 1s);
}

TEST(sim_waking, an_event_that_a_predicate_sets_is_noticed) {
  event go;
  two_hosts w;
  w.b.start([&go]() -> task<> { co_await go.wait(); });
  w.net.run_until([&] {
    go.set();
    return !w.b.running();
  });
}

TEST(sim_waking, an_event_that_another_host_sets_is_noticed) {
  event go;
  two_hosts w;
  w.b.start([&go]() -> task<> { co_await go.wait(); });
  w.a.start([&go]() -> task<> {
    co_await sleep(1s);
    go.set();
  });
  w.net.run_until([&w] { return !w.b.running() && !w.a.running(); });
  EXPECT_EQ(w.net.now(), 1s);
}

TEST(sim_waking, a_scope_that_the_scenario_stops_ends) {
  scope* running = nullptr;
  two_hosts w;
  w.b.start([&running]() -> task<> {
    scope own(co_await current_context());
    running = &own;
    own.spawn(sleep_for(1h));
    static_cast<void>(co_await attempt(own.join()));
  });
  w.net.after(1s, [&running] { running->stop(); });
  w.net.run_until([&w] { return !w.b.running(); });
  EXPECT_EQ(w.net.now(), 1s);
}

TEST(sim_waking, a_task_that_the_scenario_spawns_runs_and_its_timer_too) {
  scope* running = nullptr;
  event go;
  two_hosts w;
  w.b.start([&]() -> task<> {
    scope own(co_await current_context());
    running = &own;
    co_await go.wait();
    co_await own.join();
  });
  w.net.after(1s, [&running] { running->spawn(sleep_for(2s)); });
  w.net.after(2s, [&go] { go.set(); });
  w.net.run_until([&w] { return !w.b.running(); });
  EXPECT_EQ(w.net.now(), 3s);
}

TEST(sim_waking, a_socket_that_the_scenario_closes_ends_what_waits_on_it) {
  tcp::listener* listening = nullptr;
  two_hosts w;
  w.b.start([&listening]() -> task<> {
    auto own = co_await tcp::listen(":7");
    listening = &own;
    auto accepted = co_await attempt(own.accept());
    EXPECT_TRUE(fails(accepted, errc::cancelled));
  });
  w.net.after(1s, [&listening] { listening->close(); });
  w.net.run_until([&w] { return !w.b.running(); });
  EXPECT_EQ(w.net.now(), 1s);
}

TEST(sim_waking, a_paused_host_is_woken_when_it_continues) {
  event go;
  two_hosts w;
  w.b.start([&go]() -> task<> { co_await go.wait(); });
  w.net.run_for(1s);
  w.b.pause();
  w.net.after(1s, [&go] { go.set(); });
  w.net.after(5s, [&w] { w.b.resume(); });
  w.net.run_until([&w] { return !w.b.running(); });
  EXPECT_EQ(w.net.now(), 6s);
}

TEST(sim_waking, without_a_waker_it_is_still_a_deadlock) {
  event never;
  two_hosts w;
  w.b.start([&never]() -> task<> { co_await never.wait(); });
  EXPECT_THROW(w.net.run_until([&w] { return !w.b.running(); }), sim::failure);
}

}  // namespace
}  // namespace bight::sim_test
