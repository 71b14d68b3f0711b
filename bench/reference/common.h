// SPDX-License-Identifier: MIT
//
// What both servers by hand share: modes, sockets, and how a failure ends the program.

#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum mode { mode_echo, mode_framed, mode_accept, mode_discard, mode_source, mode_udp };

enum {
  chunk_bytes = 65536,
  prefix_bytes = 4,
  message_max = 1 << 20,
};

static inline void die(const char* what, int error) {
  fprintf(stderr, "%s: %s\n", what, strerror(error));
  exit(1);
}

static inline enum mode mode_named(const char* name) {
  static const char* const names[] = {"echo", "framed", "accept", "discard", "source", "udp"};
  for (int i = 0; i < 6; ++i)
    if (strcmp(name, names[i]) == 0) return (enum mode)i;
  exit(64);  // not offered
}

static inline int socket_bound(enum mode mode, const char* port, int flags) {
  signal(SIGPIPE, SIG_IGN);
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);

  const int kind = mode == mode_udp ? SOCK_DGRAM : SOCK_STREAM;
  const int fd = socket(AF_INET, kind | SOCK_CLOEXEC | flags, 0);
  if (fd < 0) die("socket", errno);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  // Accepted sockets inherit it (tcp(7)), which saves a call for each.
  if (kind == SOCK_STREAM) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(fd, (struct sockaddr*)&at, sizeof at) != 0) die("bind", errno);
  if (kind == SOCK_STREAM && listen(fd, 4096) != 0) die("listen", errno);
  return fd;
}

static inline void say_ready(void) {
  puts("ready");
  fflush(stdout);
}

// Bytes at the front of `data` that are complete messages; -1 when one is longer than allowed.
static inline long frames_complete(const char* data, size_t size) {
  size_t at = 0;
  while (size - at >= prefix_bytes) {
    uint32_t n;
    memcpy(&n, data + at, sizeof n);
    n = ntohl(n);
    if (n > message_max) return -1;
    if (size - at - prefix_bytes < n) break;
    at += prefix_bytes + n;
  }
  return (long)at;
}
