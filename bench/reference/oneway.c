// SPDX-License-Identifier: MIT
//
// reference_oneway HOW MODE PORT: datagrams in one direction, by hand. HOW is single (send, recv),
// batch (sendmmsg, recvmmsg) or offload (GSO, GRO); MODE is oneway64 or oneway1200. The receiver
// reads until there is nothing and then waits in epoll. Prints what it got, as JSON.

#include "../oneway.h"

#include "common.h"

#include <netinet/udp.h>
#include <stdbool.h>
#include <sys/epoll.h>

enum { batch_count = 64, tail_ms = 10 };

static struct oneway o;
static bool batch;
static bool offload;

static struct sockaddr_in address(void) {
  return (struct sockaddr_in){.sin_family = AF_INET,
                              .sin_port = htons(o.port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void send_for_ever(void) {
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  const struct sockaddr_in to = address();
  if (connect(fd, (const struct sockaddr*)&to, sizeof to) != 0) die("connect", errno);
  const size_t n = offload ? oneway_run(o.size) : batch ? batch_count * o.size : o.size;
  char* bytes = malloc(n);
  if (bytes == NULL) die("malloc", ENOMEM);
  oneway_fill(&o, bytes, n);

  const int segment = (int)o.size;
  if (offload && setsockopt(fd, SOL_UDP, UDP_SEGMENT, &segment, sizeof segment) != 0)
    die("UDP_SEGMENT", errno);
  struct iovec pieces[batch_count];
  struct mmsghdr messages[batch_count];
  for (size_t i = 0; batch && i < batch_count; ++i) {
    pieces[i] = (struct iovec){bytes + i * o.size, o.size};
    messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &pieces[i], .msg_iovlen = 1}};
  }
  for (;;) {
    oneway_number(&o, bytes, n);
    if (batch)
      (void)sendmmsg(fd, messages, batch_count, 0);
    else
      (void)!send(fd, bytes, n, 0);
  }
}

static bool receive_batch(int fd) {
  static char bytes[batch_count][2048];
  struct iovec rooms[batch_count];
  struct mmsghdr messages[batch_count];
  for (int i = 0; i < batch_count; ++i) {
    rooms[i] = (struct iovec){bytes[i], sizeof bytes[i]};
    messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &rooms[i], .msg_iovlen = 1}};
  }
  const int n = recvmmsg(fd, messages, batch_count, MSG_DONTWAIT, NULL);
  for (int i = 0; i < n; ++i) oneway_check(&o, bytes[i], messages[i].msg_len);
  return n > 0;
}

static bool receive_joined(int fd) {
  static char bytes[chunk_bytes];
  union {
    struct cmsghdr header;
    char room[CMSG_SPACE(sizeof(int))];
  } control;
  struct iovec room = {bytes, sizeof bytes};
  struct msghdr message = {.msg_iov = &room,
                           .msg_iovlen = 1,
                           .msg_control = &control,
                           .msg_controllen = sizeof control};
  const ssize_t n = recvmsg(fd, &message, MSG_DONTWAIT);
  if (n <= 0) return false;
  // Of a datagram that came alone the kernel says nothing.
  const struct cmsghdr* said = CMSG_FIRSTHDR(&message);
  int segment = (int)n;
  if (said != NULL && said->cmsg_level == SOL_UDP && said->cmsg_type == UDP_GRO)
    memcpy(&segment, CMSG_DATA(said), sizeof segment);
  if ((size_t)segment != o.size) die("a segment of another size", EPROTO);
  oneway_check(&o, bytes, (size_t)n);
  return true;
}

static bool receive_single(int fd) {
  static char bytes[chunk_bytes];
  const ssize_t n = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT);
  if (n <= 0) return false;
  oneway_check(&o, bytes, (size_t)n);
  return true;
}

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  batch = strcmp(argv[1], "batch") == 0;
  offload = strcmp(argv[1], "offload") == 0;
  o = oneway_begin(argv[2]);
  if (o.sender == 0) send_for_ever();

  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  const struct sockaddr_in at = address();
  if (bind(fd, (const struct sockaddr*)&at, sizeof at) != 0) die("bind", errno);
  const int on = 1;
  if (offload && setsockopt(fd, SOL_UDP, UDP_GRO, &on, sizeof on) != 0) die("UDP_GRO", errno);
  const int poll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN | EPOLLET};
  if (epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event) != 0) die("epoll_ctl", errno);

  while (!oneway_over(&o)) {
    const bool some = batch     ? receive_batch(fd)
                      : offload ? receive_joined(fd)
                                : receive_single(fd);
    if (!some) epoll_wait(poll, &event, 1, tail_ms);
  }
  return oneway_end(&o);
}
