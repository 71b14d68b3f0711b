// SPDX-License-Identifier: MIT
// bench_timers deadline|timer MODE PORT: a million deadlines, each set and cancelled, with a
// thousand others armed meanwhile. MODE is timers (the operation is over at once) or timers_turn
// (it is over in the next turn of the loop); `timer` is the one below within(). Prints JSON.
#include <bight/bight.hpp>

#include <chrono>
#include <ctime>
#include <string_view>
#include <vector>
using namespace bight;

namespace {

constexpr int deadlines = 1'000'000;
constexpr int others = 1000;

double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

void tell(double used) {
  print("{{\"messages\": {}, \"seconds\": {:.6f}, \"server_cpu_ns\": {:.0f}, \"lost\": 0}}",
        deadlines, used, used * 1e9);
}

task<> nothing() { co_return; }

task<> sleep_for_long(int i) { co_await sleep(2h + std::chrono::seconds(i)); }

task<> measure(bool turn) {
  const double before = cpu_seconds();
  if (turn)
    for (int i = 0; i < deadlines; ++i) co_await within(1h, sleep(0s));
  else
    for (int i = 0; i < deadlines; ++i) co_await within(1h, nothing());
  tell(cpu_seconds() - before);
}

task<> measure_deadlines(bool turn) {
  co_await in_scope([turn](scope& s) -> task<> {
    for (int i = 0; i < others; ++i) s.spawn(sleep_for_long(i));
    co_await measure(turn);
    s.stop();
  });
}

void measure_timer() {
  machinery::scheduler s;
  std::vector<machinery::timer> waiting(others);
  for (int i = 0; i < others; ++i)
    s.arm(waiting[static_cast<std::size_t>(i)], time_point(2h + std::chrono::seconds(i)));
  machinery::timer t;
  const double before = cpu_seconds();
  for (int i = 0; i < deadlines; ++i) {
    s.arm(t, time_point(1h + std::chrono::nanoseconds(i)));
    s.disarm(t);
  }
  tell(cpu_seconds() - before);
  for (machinery::timer& w : waiting) s.disarm(w);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const std::string_view how = argv[1];
  const std::string_view mode = argv[2];
  if (how == "deadline" && (mode == "timers" || mode == "timers_turn"))
    return run(measure_deadlines(mode == "timers_turn"));
  if (how != "timer" || mode != "timers") return 64;
  measure_timer();
  return 0;
}
