// SPDX-License-Identifier: MIT
// The benchmark's servers on libuv. Reads share one buffer, since a callback is done with it before
// the next read; answers go by uv_try_write, and only what the socket did not take is copied and
// queued, while reading stops. Node.js writes in the same way.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <uv.h>

enum { read_max = 65536, message_max = 1 << 20 };

struct connection {
  uv_tcp_t handle;
  uv_write_t zeros_written;  // source only: one write at a time
  char* data;                // framed only: what has come and is not yet a whole message
  size_t size, capacity;
};

struct rest {
  uv_write_t request;
  char data[];
};

static char shared[read_max];
static char payload[read_max];  // what a source sends
static uv_read_cb read_callback;  // NULL for source, which does not read
static uv_alloc_cb alloc_callback;
static int closes_when_answered;

static void on_closed(uv_handle_t* handle) {
  struct connection* peer = (struct connection*)handle;
  free(peer->data);
  free(peer);
}

static void drop(uv_stream_t* stream) {
  if (!uv_is_closing((uv_handle_t*)stream)) uv_close((uv_handle_t*)stream, on_closed);
}

static void on_rest_written(uv_write_t* request, int status) {
  uv_stream_t* stream = request->handle;
  free(request);
  if (status < 0) {
    drop(stream);
  } else if (uv_stream_get_write_queue_size(stream) == 0) {
    if (closes_when_answered)
      drop(stream);
    else
      uv_read_start(stream, alloc_callback, read_callback);
  }
}

// Returns whether all of it has left.
static int reply(uv_stream_t* stream, char* data, size_t size) {
  uv_buf_t buffer = uv_buf_init(data, (unsigned)size);
  int sent = uv_try_write(stream, &buffer, 1);
  if (sent == (int)size) return 1;
  if (sent == UV_EAGAIN) sent = 0;
  if (sent < 0) {
    drop(stream);
    return 0;
  }
  size_t left = size - (size_t)sent;
  struct rest* rest = malloc(sizeof *rest + left);
  memcpy(rest->data, data + sent, left);
  buffer = uv_buf_init(rest->data, (unsigned)left);
  uv_read_stop(stream);
  uv_write(&rest->request, stream, &buffer, 1, on_rest_written);
  return 0;
}

static void alloc_shared(uv_handle_t* handle, size_t hint, uv_buf_t* buffer) {
  (void)handle, (void)hint;
  *buffer = uv_buf_init(shared, sizeof shared);
}

static void on_echo(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer) {
  if (count < 0) drop(stream);
  if (count > 0) reply(stream, buffer->base, (size_t)count);
}

static void on_once(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer) {
  if (count == 0) return;
  if (count < 0 || reply(stream, buffer->base, (size_t)count)) drop(stream);
}

static void on_discard(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer) {
  (void)buffer;
  if (count < 0) drop(stream);
}

static size_t message_size(const char* data) {
  const unsigned char* byte = (const unsigned char*)data;
  return 4 + ((size_t)byte[0] << 24 | (size_t)byte[1] << 16 | (size_t)byte[2] << 8 | byte[3]);
}

static void alloc_own(uv_handle_t* handle, size_t hint, uv_buf_t* buffer) {
  (void)hint;
  struct connection* peer = (struct connection*)handle;
  size_t wanted = read_max;
  if (peer->size >= 4 && message_size(peer->data) > wanted) wanted = message_size(peer->data);
  if (peer->capacity < wanted) {
    peer->data = realloc(peer->data, wanted);
    peer->capacity = wanted;
  }
  *buffer = uv_buf_init(peer->data + peer->size, (unsigned)(peer->capacity - peer->size));
}

static void on_framed(uv_stream_t* stream, ssize_t count, const uv_buf_t* buffer) {
  (void)buffer;
  struct connection* peer = (struct connection*)stream;
  if (count < 0) {
    drop(stream);
    return;
  }
  peer->size += (size_t)count;
  size_t done = 0;
  while (peer->size - done >= 4 && !uv_is_closing((uv_handle_t*)stream)) {
    size_t size = message_size(peer->data + done);
    if (size > 4 + message_max) {
      drop(stream);
      return;
    }
    if (peer->size - done < size) break;
    reply(stream, peer->data + done, size);
    done += size;
  }
  peer->size -= done;
  if (done > 0 && peer->size > 0) memmove(peer->data, peer->data + done, peer->size);
}

static void write_payload(uv_write_t* request, int status) {
  if (status < 0) {
    drop(request->handle);
    return;
  }
  uv_buf_t buffer = uv_buf_init(payload, sizeof payload);
  uv_write(request, request->handle, &buffer, 1, write_payload);
}

static void on_connection(uv_stream_t* listener, int status) {
  if (status < 0) return;
  struct connection* peer = calloc(1, sizeof *peer);
  uv_stream_t* stream = (uv_stream_t*)&peer->handle;
  uv_tcp_init(listener->loop, &peer->handle);
  if (uv_accept(listener, stream) < 0) {
    drop(stream);
    return;
  }
  uv_tcp_nodelay(&peer->handle, 1);
  if (read_callback) {
    uv_read_start(stream, alloc_callback, read_callback);
  } else {
    peer->zeros_written.handle = stream;
    write_payload(&peer->zeros_written, 0);
  }
}

struct datagram {
  uv_udp_send_t request;
  char data[];
};

static void on_datagram_sent(uv_udp_send_t* request, int status) {
  (void)status;
  free(request);
}

static void on_datagram(uv_udp_t* socket, ssize_t count, const uv_buf_t* buffer,
                        const struct sockaddr* from, unsigned flags) {
  (void)flags;
  if (count < 0 || from == NULL) return;
  uv_buf_t answer = uv_buf_init(buffer->base, (unsigned)count);
  if (uv_udp_try_send(socket, &answer, 1, from) != UV_EAGAIN) return;
  struct datagram* later = malloc(sizeof *later + (size_t)count);
  memcpy(later->data, buffer->base, (size_t)count);
  answer.base = later->data;
  uv_udp_send(&later->request, socket, &answer, 1, from, on_datagram_sent);
}

static int failed(int status) {
  if (status < 0) fprintf(stderr, "libuv: %s\n", uv_strerror(status));
  return status < 0;
}

int main(int argc, char** argv) {
  if (argc != 3) return 64;
  const char* mode = argv[1];
  alloc_callback = alloc_shared;
  if (strcmp(mode, "echo") == 0) {
    read_callback = on_echo;
  } else if (strcmp(mode, "framed") == 0) {
    read_callback = on_framed;
    alloc_callback = alloc_own;
  } else if (strcmp(mode, "accept") == 0) {
    read_callback = on_once;
    closes_when_answered = 1;
  } else if (strcmp(mode, "discard") == 0) {
    read_callback = on_discard;
  } else if (strcmp(mode, "source") != 0 && strcmp(mode, "udp") != 0) {
    return 64;
  }

  memset(payload, 'x', sizeof payload);
  uv_loop_t* loop = uv_default_loop();
  uv_tcp_t listener;
  uv_udp_t socket;
  struct sockaddr_in here;
  uv_ip4_addr("127.0.0.1", atoi(argv[2]), &here);
  if (strcmp(mode, "udp") == 0) {
    uv_udp_init(loop, &socket);
    if (failed(uv_udp_bind(&socket, (struct sockaddr*)&here, 0))) return 1;
    if (failed(uv_udp_recv_start(&socket, alloc_shared, on_datagram))) return 1;
  } else {
    uv_tcp_init(loop, &listener);
    if (failed(uv_tcp_bind(&listener, (struct sockaddr*)&here, 0))) return 1;
    if (failed(uv_listen((uv_stream_t*)&listener, SOMAXCONN, on_connection))) return 1;
  }
  puts("ready");
  fflush(stdout);
  return uv_run(loop, UV_RUN_DEFAULT);
}
