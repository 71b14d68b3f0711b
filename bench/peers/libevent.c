// SPDX-License-Identifier: MIT
// The benchmark's servers on libevent's bufferevents: bytes move from the input to the output
// evbuffer without a copy. libevent 2.1 reads at most 4096 bytes a call, whatever it is asked for
// (EVBUFFER_MAX_READ in its buffer.c). UDP has no bufferevent, so it is a plain event.
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { read_max = 65536, message_max = 1 << 20, unsent_max = 1 << 20 };

static bufferevent_data_cb read_callback;
static bufferevent_data_cb write_callback;

// A peer that does not read what it is sent is not read from either.
static void pause_if_full(struct bufferevent* peer) {
  if (evbuffer_get_length(bufferevent_get_output(peer)) > unsent_max)
    bufferevent_disable(peer, EV_READ);
}

static void on_drained(struct bufferevent* peer, void* unused) {
  (void)unused;
  if (!(bufferevent_get_enabled(peer) & EV_READ)) bufferevent_enable(peer, EV_READ);
}

static void on_echo(struct bufferevent* peer, void* unused) {
  (void)unused;
  evbuffer_add_buffer(bufferevent_get_output(peer), bufferevent_get_input(peer));
  pause_if_full(peer);
}

static void on_framed(struct bufferevent* peer, void* unused) {
  (void)unused;
  struct evbuffer* input = bufferevent_get_input(peer);
  struct evbuffer* output = bufferevent_get_output(peer);
  uint32_t length;
  while (evbuffer_copyout(input, &length, sizeof length) == sizeof length) {
    size_t size = ntohl(length);
    if (size > message_max) {
      bufferevent_free(peer);
      return;
    }
    if (evbuffer_get_length(input) < sizeof length + size) break;
    evbuffer_remove_buffer(input, output, sizeof length + size);
  }
  pause_if_full(peer);
}

static void on_discard(struct bufferevent* peer, void* unused) {
  (void)unused;
  struct evbuffer* input = bufferevent_get_input(peer);
  evbuffer_drain(input, evbuffer_get_length(input));
}

static char payload[read_max];

static void write_payload(struct bufferevent* peer, void* unused) {
  (void)unused;
  evbuffer_add_reference(bufferevent_get_output(peer), payload, sizeof payload, NULL, NULL);
}

static void on_event(struct bufferevent* peer, short what, void* unused) {
  (void)unused;
  if (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)) bufferevent_free(peer);
}

static void on_once_written(struct bufferevent* peer, void* unused) {
  (void)unused;
  bufferevent_free(peer);
}

static void on_once(struct bufferevent* peer, void* unused) {
  (void)unused;
  bufferevent_setcb(peer, NULL, on_once_written, on_event, NULL);
  bufferevent_write_buffer(peer, bufferevent_get_input(peer));
}

static void on_connection(struct evconnlistener* listener, evutil_socket_t fd,
                          struct sockaddr* from, int size, void* unused) {
  (void)from, (void)size, (void)unused;
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  struct event_base* base = evconnlistener_get_base(listener);
  struct bufferevent* peer = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
  bufferevent_setcb(peer, read_callback, write_callback, on_event, NULL);
  bufferevent_enable(peer, EV_READ);  // writing is on from the start
  if (write_callback == write_payload) {
    // Called again while one write is still queued, so that the socket never runs dry.
    bufferevent_setwatermark(peer, EV_WRITE, read_max, 0);
    write_payload(peer, NULL);
    write_payload(peer, NULL);
  }
}

static void on_datagram(evutil_socket_t fd, short what, void* unused) {
  (void)what, (void)unused;
  static char data[read_max];
  struct sockaddr_storage from;
  socklen_t size = sizeof from;
  ssize_t count;
  while ((count = recvfrom(fd, data, sizeof data, 0, (struct sockaddr*)&from, &size)) >= 0) {
    sendto(fd, data, (size_t)count, 0, (struct sockaddr*)&from, size);
    size = sizeof from;
  }
}

static int failed(const char* what) {
  perror(what);
  return 1;
}

int main(int argc, char** argv) {
  if (argc != 3) return 64;
  const char* mode = argv[1];
  if (strcmp(mode, "echo") == 0) {
    read_callback = on_echo;
    write_callback = on_drained;
  } else if (strcmp(mode, "framed") == 0) {
    read_callback = on_framed;
    write_callback = on_drained;
  } else if (strcmp(mode, "accept") == 0) {
    read_callback = on_once;
  } else if (strcmp(mode, "discard") == 0) {
    read_callback = on_discard;
  } else if (strcmp(mode, "source") == 0) {
    memset(payload, 'x', sizeof payload);
    read_callback = on_discard;
    write_callback = write_payload;
  } else if (strcmp(mode, "udp") != 0) {
    return 64;
  }

  struct event_base* base = event_base_new();
  struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[2]))};
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (strcmp(mode, "udp") == 0) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (bind(fd, (struct sockaddr*)&here, sizeof here) < 0) return failed("bind");
    event_add(event_new(base, fd, EV_READ | EV_PERSIST, on_datagram, NULL), NULL);
  } else {
    unsigned flags = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_REUSEABLE;
    if (!evconnlistener_new_bind(base, on_connection, NULL, flags, SOMAXCONN,
                                 (struct sockaddr*)&here, sizeof here))
      return failed("listen");
  }
  puts("ready");
  fflush(stdout);
  return event_base_dispatch(base);
}
