// SPDX-License-Identifier: MIT
//
// What the programs for datagrams in one direction share, so that they differ in nothing but how
// they send and receive: two processes on two cores, numbered datagrams, and what is printed.

#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
  oneway_segments_max = 64,  // of one send: UDP_MAX_SEGMENTS before Linux 6.9
  oneway_payload_max = 65507,
};

struct oneway_usage {
  uint64_t now;
  uint64_t receiver_cpu;
  uint64_t sender_cpu;
  uint64_t receiver_waited;  // ready to run, and another program had the core
  uint64_t sender_waited;
};

struct oneway {
  size_t size;
  uint16_t port;  // free when it was looked for; the namespace is the benchmark's own
  pid_t sender;   // 0: this process is the sender
  uint64_t next;  // number: to be sent, or the least that can arrive
  uint64_t received;
  uint64_t lost;
  uint64_t until;
  int measuring;
  struct oneway_usage before;
};

static inline uint64_t oneway_ns(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline uint64_t oneway_waited(pid_t pid) {
  char path[64];
  unsigned long long ran = 0;
  unsigned long long waited = 0;
  snprintf(path, sizeof path, "/proc/%d/schedstat", (int)pid);
  FILE* f = fopen(path, "r");
  if (f != NULL) {
    if (fscanf(f, "%llu %llu", &ran, &waited) != 2) waited = 0;
    fclose(f);
  }
  return waited;
}

static inline struct oneway_usage oneway_used(pid_t sender) {
  clockid_t clock = CLOCK_PROCESS_CPUTIME_ID;
  struct oneway_usage u;
  clock_getcpuclockid(sender, &clock);
  u.now = oneway_ns(CLOCK_MONOTONIC);
  u.receiver_cpu = oneway_ns(CLOCK_PROCESS_CPUTIME_ID);
  u.sender_cpu = oneway_ns(clock);
  u.receiver_waited = oneway_waited(getpid());
  u.sender_waited = oneway_waited(sender);
  return u;
}

static inline void oneway_pin(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET((size_t)(core % (int)sysconf(_SC_NPROCESSORS_ONLN)), &set);
  sched_setaffinity(0, sizeof set, &set);
}

static inline uint16_t oneway_free_port(void) {
  struct sockaddr_in at;
  socklen_t length = sizeof at;
  memset(&at, 0, sizeof at);
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  if (bind(fd, (struct sockaddr*)&at, sizeof at) != 0) exit(1);
  getsockname(fd, (struct sockaddr*)&at, &length);
  close(fd);
  return ntohs(at.sin_port);
}

// Becomes two processes. The sender dies with the receiver, however that ends.
static inline struct oneway oneway_begin(const char* mode) {
  struct oneway o;
  memset(&o, 0, sizeof o);
  if (strncmp(mode, "oneway", 6) != 0) exit(64);  // not offered
  o.size = (size_t)atoi(mode + 6);
  if (o.size < 16 || o.size > oneway_payload_max) exit(64);
  o.port = oneway_free_port();
  o.sender = fork();
  if (o.sender == 0) prctl(PR_SET_PDEATHSIG, SIGKILL);
  oneway_pin(o.sender == 0 ? 1 : 0);
  o.until = oneway_ns(CLOCK_MONOTONIC) + 200000000;  // the warm-up
  return o;
}

// Bytes of as many datagrams as one send takes.
static inline size_t oneway_run(size_t size) {
  const size_t most = oneway_payload_max / size;
  return (most < oneway_segments_max ? most : oneway_segments_max) * size;
}

static inline void oneway_fill(const struct oneway* o, char* bytes, size_t n) {
  memset(bytes, 'x', n);
  for (size_t i = o->size; i <= n; i += o->size) bytes[i - 1] = 'e';
}

// Each datagram gets a number of its own in its first bytes.
static inline void oneway_number(struct oneway* o, char* bytes, size_t n) {
  for (size_t i = 0; i < n; i += o->size, ++o->next) memcpy(bytes + i, &o->next, sizeof o->next);
}

// Looks at both ends of each datagram. On one path they come in their order, so what a number
// leaves out has been lost.
static inline void oneway_check(struct oneway* o, const char* bytes, size_t n) {
  do {
    uint64_t number = 0;
    if (n >= o->size) memcpy(&number, bytes, sizeof number);
    if (n < o->size || number < o->next || bytes[o->size - 1] != 'e') {
      fprintf(stderr, "a datagram came wrong, of number %llu\n", (unsigned long long)number);
      exit(1);
    }
    o->lost += number - o->next;
    o->next = number + 1;
    ++o->received;
    n -= o->size;
    bytes += o->size;
  } while (n > 0);
}

// For the receiver's loop: the warm-up and then the window have passed.
static inline int oneway_over(struct oneway* o) {
  if (oneway_ns(CLOCK_MONOTONIC) < o->until) return 0;
  if (o->measuring) return 1;
  const char* seconds = getenv("BENCH_SECONDS");
  o->measuring = 1;
  o->received = o->lost = 0;
  o->before = oneway_used(o->sender);
  o->until = o->before.now + (uint64_t)((seconds != NULL ? atof(seconds) : 1) * 1e9);
  return 0;
}

static inline void oneway_put(const char* name, uint64_t value) {
  printf(", \"%s\": %llu", name, (unsigned long long)value);
}

static inline int oneway_end(const struct oneway* o) {
  const struct oneway_usage u = oneway_used(o->sender);
  kill(o->sender, SIGKILL);
  waitpid(o->sender, NULL, 0);
  printf("{\"seconds\": %.6f", (double)(u.now - o->before.now) / 1e9);
  oneway_put("messages", o->received);
  oneway_put("lost", o->lost);
  oneway_put("sent", o->received + o->lost);
  oneway_put("server_cpu_ns", u.receiver_cpu - o->before.receiver_cpu);
  oneway_put("load_cpu_ns", u.sender_cpu - o->before.sender_cpu);
  oneway_put("server_waited_ns", u.receiver_waited - o->before.receiver_waited);
  oneway_put("load_waited_ns", u.sender_waited - o->before.sender_waited);
  printf("}\n");
  return 0;
}
