// SPDX-License-Identifier: MIT
// timers_asio timers PORT: as bench_timers, with a steady_timer that is set and cancelled. The
// cancelled handler has to be run before the next one is set, as a session would wait for it.
#include <asio.hpp>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>
#include <vector>

namespace {

constexpr int deadlines = 1'000'000;
constexpr int others = 1000;

double cpu_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 || std::strcmp(argv[1], "timers") != 0) return 64;
  asio::io_context context(1);
  std::vector<std::unique_ptr<asio::steady_timer>> waiting;
  for (int i = 0; i < others; ++i) {
    waiting.push_back(std::make_unique<asio::steady_timer>(
        context, std::chrono::hours(2) + std::chrono::seconds(i)));
    waiting.back()->async_wait([](const std::error_code&) {});
  }
  asio::steady_timer deadline(context);
  const double before = cpu_seconds();
  for (int i = 0; i < deadlines; ++i) {
    deadline.expires_after(std::chrono::hours(1));
    deadline.async_wait([](const std::error_code&) {});
    deadline.cancel();
    context.poll();
  }
  const double used = cpu_seconds() - before;
  std::printf("{\"messages\": %d, \"seconds\": %.6f, \"server_cpu_ns\": %.0f, \"lost\": 0}\n",
              deadlines, used, used * 1e9);
}
