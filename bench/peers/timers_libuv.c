// SPDX-License-Identifier: MIT
//
// timers_libuv timers PORT: as bench_timers, with a uv_timer that is started and stopped.

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <uv.h>

enum { deadlines = 1000000, others = 1000 };

static double cpu_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void expired(uv_timer_t* timer) { (void)timer; }

int main(int argc, char** argv) {
  if (argc != 3 || strcmp(argv[1], "timers") != 0) return 64;
  uv_loop_t* loop = uv_default_loop();
  static uv_timer_t waiting[others];
  for (int i = 0; i < others; ++i) {
    uv_timer_init(loop, &waiting[i]);
    uv_timer_start(&waiting[i], expired, 7200000u + 1000u * (unsigned)i, 0);
  }
  uv_timer_t deadline;
  uv_timer_init(loop, &deadline);
  const double before = cpu_seconds();
  for (int i = 0; i < deadlines; ++i) {
    uv_timer_start(&deadline, expired, 3600000, 0);
    uv_timer_stop(&deadline);
  }
  const double used = cpu_seconds() - before;
  printf("{\"messages\": %d, \"seconds\": %.6f, \"server_cpu_ns\": %.0f, \"lost\": 0}\n", deadlines,
         used, used * 1e9);
}
