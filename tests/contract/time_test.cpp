// SPDX-License-Identifier: MIT
// Time as the loop tells it, after waits for something else than a timer.

#include "base/names.hpp"
#include "contract/contract.hpp"

#include <sys/resource.h>

#include <chrono>
#include <thread>

namespace {

using namespace contract;
using wall = std::chrono::steady_clock;

// Sends a byte to `end` after a while, from outside of the loop.
class later_byte {
 public:
  later_byte(raw::socket& end, duration wait)
      : thread_([&end, wait] {
          std::this_thread::sleep_for(wait);
          end.send("x");
        }) {}
  ~later_byte() { thread_.join(); }

 private:
  std::thread thread_;
};

BIGHT_TEST(time, a_sleep_after_a_long_wait_for_bytes_is_not_cut_short) {
  auto both = co_await connected_to_raw();
  const later_byte sender(both.peer, 300ms);
  auto byte = co_await both.here.recv();
  EXPECT_EQ(byte, "x");
  const auto before = wall::now();
  co_await sleep(200ms);
  EXPECT_GE(wall::now() - before, 190ms);  // from the loop's time, which is the turn's
}

BIGHT_TEST(time, a_deadline_after_a_long_wait_for_bytes_is_not_cut_short) {
  auto both = co_await connected_to_raw();
  const later_byte first(both.peer, 1s);
  auto byte = co_await both.here.recv();
  EXPECT_EQ(byte, "x");
  const later_byte second(both.peer, 50ms);
  auto in_time = co_await attempt(within(800ms, both.here.recv()));
  EXPECT_TRUE(in_time);
}

task<> sleep_on_time(duration wait) {
  const scheduler& clock = (co_await current_context()).sched();
  const time_point before = clock.now();
  co_await sleep(wait);
  EXPECT_GE(clock.now() - before, wait);
  EXPECT_LT(clock.now() - before, wait + 500ms);  // on a busy machine
}

// Each is armed while the loop already waits for others: a later one, an earlier one, one that is
// given up.
// What this thread has used of a core.
std::chrono::microseconds used_cpu() {
  rusage usage{};
  getrusage(RUSAGE_THREAD, &usage);
  const auto time = [](timeval t) {
    return std::chrono::seconds(t.tv_sec) + std::chrono::microseconds(t.tv_usec);
  };
  return time(usage.ru_utime) + time(usage.ru_stime);
}

BIGHT_TEST(time, a_wait_costs_no_cpu) {
  const auto before = used_cpu();
  co_await sleep(600ms);
  EXPECT_LT(used_cpu() - before, 200ms);
}

BIGHT_TEST(time, near_and_far_deadlines_are_all_kept) {
  scope given_up(co_await current_context());
  given_up.spawn(sleep_on_time(1h));
  co_await all(sleep_on_time(250ms), sleep_on_time(5ms), sleep_on_time(120ms));
  co_await all(sleep_on_time(30ms), sleep_on_time(1ms), sleep_on_time(11ms));
  given_up.stop();
  static_cast<void>(co_await attempt(given_up.join()));
  co_await sleep_on_time(40ms);
}

BIGHT_TEST(time, a_stream_that_has_just_received_after_a_long_wait_is_not_idle) {
  auto both = co_await connected_to_raw();
  const later_byte sender(both.peer, 1s);
  auto byte = co_await both.here.recv();
  EXPECT_EQ(byte, "x");
  EXPECT_LT(both.here.idle(), 800ms);
}

}  // namespace
