// SPDX-License-Identifier: MIT
// A program that polls sees time pass, and one that polls for ever meets a limit.
#include "base/names.hpp"
#include "unit/sim/net.hpp"

namespace bight::sim_test {
namespace {

task<> send_late() {
  auto listening = co_await tcp::listen(":1");
  auto peer = co_await listening.accept();
  co_await sleep(1ms);
  co_await peer.send("x");
  static_cast<void>(co_await peer.recv());
}

task<> poll_by_try_recv() {
  auto peer = co_await tcp::connect("b:1");
  while (!co_await peer.try_recv()) continue;
}

task<> poll_by_a_deadline_of_no_time() {
  auto peer = co_await tcp::connect("b:1");
  for (;;)
    if (co_await attempt(within(0s, peer.recv()))) co_return;
}

TEST(sim_polling, sees_bytes_that_arrive_later) {
  for (const auto poll : {&poll_by_try_recv, &poll_by_a_deadline_of_no_time}) {
    two_hosts w({.time_max = 1s, .events_max = 1'000'000});
    w.b.start(send_late);
    w.a.run(poll());
    EXPECT_GE(w.net.now(), 21ms);  // two ways of 10 ms or more, and the wait
    EXPECT_LT(w.net.now(), 43ms);
  }
}

task<> set_late(event& e) {
  co_await sleep(1ms);
  e.set();
}

void expect_that_time_passes(task<> (*poll)(event&)) {
  two_hosts w({.time_max = 1s, .events_max = 3'000'000});
  event e;
  const auto both = [poll](event& shared) -> task<> {
    co_await all(poll(shared), set_late(shared));
  };
  w.a.run(both(e));
  EXPECT_LT(w.net.now(), 2ms);
}

TEST(sim_polling, sees_an_event_that_is_set_later) {
  expect_that_time_passes([](event& e) -> task<> {
    while (!co_await attempt(within(0s, e.wait()))) continue;
  });
}

// A datagram is sent at once, always: nothing in that loop waits.
TEST(sim_polling, lets_time_pass_though_each_operation_completes_at_once) {
  expect_that_time_passes([](event& e) -> task<> {
    auto from = co_await udp::connect("b:1");
    while (!e.is_set()) co_await from.send("x");
  });
}

task<> wait_in_vain(event& never) {
  for (;;) {
    auto waited = co_await attempt(within(0s, never.wait()));
    if (!waited && waited.error().is(errc::cancelled)) co_return;
  }
}

std::string end_of(sim::world_options limits) {
  two_hosts w(limits);
  event never;
  try {
    w.a.run(wait_in_vain(never));
  } catch (const sim::failure& e) {
    return e.what();
  }
  return "nothing failed";
}

TEST(sim_polling, for_ever_reaches_a_limit_that_says_what_was_counted) {
  const std::string late = end_of({.time_max = 10ms});
  EXPECT_NE(late.find("limit of time is reached, after 10 ms"), std::string::npos) << late;
  const std::string many = end_of({.events_max = 5000});
  EXPECT_NE(many.find("limit of events is reached"), std::string::npos) << many;
  EXPECT_NE(many.find("1 events and 5000 turns of programs"), std::string::npos) << many;
}

// The same on a loop that drives its own world, as BIGHT_ENGINE=sim does.
TEST(sim_polling, in_a_private_world_sees_time_pass) {
  runner r(run_options{.engine = engine_choice::sim});
  const auto both = []() -> task<> {
    event e;
    const auto poll = [](event& shared) -> task<> {
      while (!co_await attempt(within(0s, shared.wait()))) continue;
    };
    co_await all(poll(e), set_late(e));
  };
  r.run(both());
}

}  // namespace
}  // namespace bight::sim_test
