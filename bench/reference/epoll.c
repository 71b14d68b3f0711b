// SPDX-License-Identifier: MIT
//
// reference_epoll MODE PORT: every mode by hand on epoll, as directly as it can be written.
// Edge-triggered; each readable socket is read until a read comes short, replies are written at
// once, and EPOLLOUT is asked for only when a write came short. While it is, nothing is read.

#include "common.h"

#include <stdbool.h>
#include <sys/epoll.h>

struct bytes {
  char* data;
  size_t size;
  size_t used;  // of them
  size_t room;
};

struct connection {
  int fd;
  bool writable_awaited;
  struct bytes begun;   // a message that is not complete
  struct bytes unsent;  // replies that are not written
};

static enum mode mode;
static int epoll_fd;
static int listener;
static char arrived[chunk_bytes];
static char payload[chunk_bytes];  // what a source sends

static void drop(struct connection* c) {
  close(c->fd);
  free(c->begun.data);
  free(c->unsent.data);
  free(c);
}

static void append(struct bytes* b, const char* data, size_t n) {
  if (b->size + n > b->room) {
    b->room = (b->size + n) * 2;
    b->data = realloc(b->data, b->room);
    if (b->data == NULL) die("realloc", ENOMEM);
  }
  memcpy(b->data + b->size, data, n);
  b->size += n;
}

static void await_writable(struct connection* c, bool wanted) {
  if (c->writable_awaited == wanted) return;
  c->writable_awaited = wanted;
  struct epoll_event e = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET | (wanted ? EPOLLOUT : 0),
                          .data.ptr = c};
  epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &e);
}

// Bytes written; less than n when the socket is full; -1 when the connection has failed.
static ssize_t write_some(int fd, const char* data, size_t n) {
  const ssize_t sent = send(fd, data, n, MSG_NOSIGNAL);
  if (sent >= 0) return sent;
  return errno == EAGAIN || errno == EINTR ? 0 : -1;
}

// False when the connection has failed.
static bool reply(struct connection* c, const char* data, size_t n) {
  size_t sent = 0;
  if (c->unsent.size == 0) {
    const ssize_t now = write_some(c->fd, data, n);
    if (now < 0) return false;
    sent = (size_t)now;
  }
  if (sent < n) {
    append(&c->unsent, data + sent, n - sent);
    await_writable(c, true);
  }
  return true;
}

// Writes what is left of replies. False when the connection has failed.
static bool reply_rest(struct connection* c) {
  struct bytes* b = &c->unsent;
  const ssize_t sent = write_some(c->fd, b->data + b->used, b->size - b->used);
  if (sent < 0) return false;
  b->used += (size_t)sent;
  if (b->used < b->size) return true;
  b->used = b->size = 0;
  await_writable(c, false);
  return true;
}

// Answers every complete message of what has arrived with one write, and keeps the rest.
static bool reply_frames(struct connection* c, const char* data, size_t n) {
  struct bytes* b = &c->begun;
  const bool begun = b->size != 0;
  if (begun) {
    append(b, data, n);
    data = b->data;
    n = b->size;
  }
  const long whole = frames_complete(data, n);
  if (whole < 0) return false;
  if (whole > 0 && !reply(c, data, (size_t)whole)) return false;
  const size_t rest = n - (size_t)whole;
  if (begun) {
    memmove(b->data, b->data + whole, rest);
    b->size = rest;
  } else if (rest != 0) {
    append(b, data + whole, rest);
  }
  return true;
}

// Reads until there is no more. False when the connection is over.
static bool read_all(struct connection* c) {
  for (;;) {
    const ssize_t n = recv(c->fd, arrived, sizeof arrived, 0);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    if (n == 0) return false;
    const size_t size = (size_t)n;
    if (mode == mode_framed) {
      if (!reply_frames(c, arrived, size)) return false;
    } else if (mode != mode_discard) {
      if (!reply(c, arrived, size) || mode == mode_accept) return false;
    }
    if (c->writable_awaited || size < sizeof arrived) return true;
  }
}

static bool write_payload(struct connection* c) {
  for (;;) {
    const ssize_t sent = write_some(c->fd, payload, sizeof payload);
    if (sent < 0) return false;
    if (sent < (ssize_t)sizeof payload) break;
  }
  await_writable(c, true);
  return true;
}

static void happened(struct connection* c, uint32_t events) {
  bool alive = true;
  if (mode == mode_source) {
    alive = (events & (EPOLLHUP | EPOLLERR | EPOLLRDHUP)) == 0 && write_payload(c);
  } else {
    // What came while a reply was stuck has had its edge already: when it is written, read.
    if (c->writable_awaited) alive = reply_rest(c);
    if (alive && !c->writable_awaited) alive = read_all(c);
  }
  if (!alive) drop(c);
}

static void accept_all(void) {
  for (;;) {
    const int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    struct connection* c = calloc(1, sizeof *c);
    if (c == NULL) die("calloc", ENOMEM);
    c->fd = fd;
    // The request is often there already: then a short connection never enters the epoll set.
    if (mode == mode_accept) {
      const ssize_t n = recv(fd, arrived, sizeof arrived, 0);
      if (n > 0) reply(c, arrived, (size_t)n);
      if (n >= 0 || errno != EAGAIN) {
        drop(c);
        continue;
      }
    }
    struct epoll_event e = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.ptr = c};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &e);
    if (mode == mode_source && !write_payload(c)) drop(c);
  }
}

static void serve_streams(const char* port) {
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  listener = socket_bound(mode, port, SOCK_NONBLOCK);
  struct epoll_event e = {.events = EPOLLIN | EPOLLET, .data.ptr = NULL};
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &e);
  say_ready();
  struct epoll_event events[512];
  const int patience = getenv("BENCH_BUSY_POLL") != NULL ? 0 : -1;
  for (;;) {
    const int n = epoll_wait(epoll_fd, events, 512, patience);
    for (int i = 0; i < n; ++i) {
      if (events[i].data.ptr == NULL)
        accept_all();
      else
        happened(events[i].data.ptr, events[i].events);
    }
  }
}

// Blocking: with one socket there is nothing else to wait for.
static void serve_datagrams(const char* port) {
  enum { batch = 32 };
  static char data[batch][chunk_bytes];
  static struct sockaddr_storage from[batch];
  struct mmsghdr messages[batch];
  struct iovec pieces[batch];
  const int fd = socket_bound(mode, port, 0);
  say_ready();
  for (int i = 0; i < batch; ++i) {
    pieces[i].iov_base = data[i];
    messages[i].msg_hdr =
        (struct msghdr){.msg_name = &from[i], .msg_iov = &pieces[i], .msg_iovlen = 1};
  }
  for (;;) {
    for (int i = 0; i < batch; ++i) {
      pieces[i].iov_len = chunk_bytes;
      messages[i].msg_hdr.msg_namelen = sizeof from[i];
    }
    const int n = recvmmsg(fd, messages, batch, MSG_WAITFORONE, NULL);
    for (int i = 0; i < n; ++i) pieces[i].iov_len = messages[i].msg_len;
    for (int sent = 0; sent < n;) {
      const int more = sendmmsg(fd, messages + sent, (unsigned)(n - sent), 0);
      sent += more > 0 ? more : 1;  // a reply that cannot be sent is lost, as on any network
    }
  }
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  mode = mode_named(argv[1]);
  memset(payload, 'x', sizeof payload);
  if (mode == mode_udp)
    serve_datagrams(argv[2]);
  else
    serve_streams(argv[2]);
}
