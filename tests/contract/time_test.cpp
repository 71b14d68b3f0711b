// SPDX-License-Identifier: MIT
// Time as the loop tells it, after waits for something else than a timer.

#include "contract/contract.hpp"

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
  EXPECT_GE(wall::now() - before, 200ms);
}

BIGHT_TEST(time, a_deadline_after_a_long_wait_for_bytes_has_all_its_time) {
  auto both = co_await connected_to_raw();
  const later_byte first(both.peer, 1s);
  auto byte = co_await both.here.recv();
  EXPECT_EQ(byte, "x");
  const later_byte second(both.peer, 50ms);
  auto in_time = co_await attempt(within(800ms, both.here.recv()));
  EXPECT_TRUE(in_time);
}

BIGHT_TEST(time, a_stream_that_has_just_received_after_a_long_wait_is_not_idle) {
  auto both = co_await connected_to_raw();
  const later_byte sender(both.peer, 1s);
  auto byte = co_await both.here.recv();
  EXPECT_EQ(byte, "x");
  EXPECT_LT(both.here.idle(), 800ms);
}

}  // namespace
