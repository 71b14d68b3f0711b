// SPDX-License-Identifier: MIT
//
// reference_uring MODE PORT: the streams' modes by hand on io_uring, as directly as they can be
// written. One ring and one system call a turn. Connections are direct descriptors and come from
// one multishot accept; each has one multishot receive into sixteen shared buffers of 64 KiB that
// are filled one message behind the other; replies are sent from where they arrived.

#include "ring.h"

#include <stdbool.h>

enum { connections_max = 16384 };

enum operation { op_accept, op_receive, op_send, op_answer, op_source, op_close };

// A piece of a reply: in a shared buffer, or in memory of its own.
struct chunk {
  struct chunk* next;
  char* data;
  size_t size;
  int buffer;  // where it lies; -1: in `own`
  void* own;
};

// The beginning of a message whose rest has not arrived.
struct begun {
  size_t size;
  size_t room;
  char data[];
};

struct connection {
  struct chunk* first;  // in flight when there is one
  struct chunk* last;
  struct begun* begun;
  bool receiving;
  bool closing;
};

static enum mode mode;
static int listener;
static struct connection connections[connections_max];
static struct chunk* chunks_free;
static unsigned starved[connections_max];  // connections whose receive found no buffer
static unsigned starved_count;
static char payload[chunk_bytes];  // what a source sends

// A prep function of liburing clears the mark, so it is set behind it.
static void mark(struct io_uring_sqe* sqe, enum operation op, unsigned index, unsigned flags) {
  sqe->user_data = (uint64_t)op << 32 | index;
  sqe->flags |= flags;
}

static void accept_begin(void) {
  struct io_uring_sqe* sqe = ring_next();
  io_uring_prep_multishot_accept_direct(sqe, listener, NULL, NULL, 0);
  mark(sqe, op_accept, 0, 0);
}

static void receive_begin(unsigned index) {
  struct io_uring_sqe* sqe = ring_next();
  if (mode == mode_accept)
    io_uring_prep_recv(sqe, (int)index, NULL, 0, 0);  // a multishot would outlive the close
  else
    io_uring_prep_recv_multishot(sqe, (int)index, NULL, 0, 0);
  mark(sqe, op_receive, index, IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT);
  connections[index].receiving = true;
}

static void send_begin(unsigned index) {
  const struct chunk* c = connections[index].first;
  struct io_uring_sqe* sqe = ring_next();
  io_uring_prep_send(sqe, (int)index, c->data, c->size, MSG_NOSIGNAL | MSG_WAITALL);
  mark(sqe, op_send, index, IOSQE_FIXED_FILE);
}

static void source_begin(unsigned index) {
  struct io_uring_sqe* sqe = ring_next();
  io_uring_prep_send(sqe, (int)index, payload, sizeof payload, MSG_NOSIGNAL | MSG_WAITALL);
  mark(sqe, op_source, index, IOSQE_FIXED_FILE);
}

static void close_begin(unsigned index) {
  free(connections[index].begun);
  connections[index] = (struct connection){0};
  struct io_uring_sqe* sqe = ring_next();
  io_uring_prep_close_direct(sqe, index);
  mark(sqe, op_close, index, IOSQE_CQE_SKIP_SUCCESS);
}

// Ends the receive of a connection that has failed.
static void shutdown_begin(unsigned index) {
  struct io_uring_sqe* sqe = ring_next();
  io_uring_prep_shutdown(sqe, (int)index, SHUT_RDWR);
  mark(sqe, op_close, index, IOSQE_FIXED_FILE);
}

static void close_if_over(unsigned index) {
  const struct connection* c = &connections[index];
  if (c->closing && !c->receiving && c->first == NULL) close_begin(index);
}

static void buffer_release(int id) {
  if (!buffer_unref(id)) return;
  while (starved_count != 0) receive_begin(starved[--starved_count]);
}

static void reply(unsigned index, char* data, size_t size, int buffer, void* own) {
  struct connection* c = &connections[index];
  struct chunk* last = c->last;
  // Bytes that follow the waiting ones in the same buffer leave together with them.
  if (c->first != last && buffer >= 0 && last->buffer == buffer &&
      last->data + last->size == data) {
    last->size += size;
    return;
  }
  struct chunk* k = chunks_free;
  if (k != NULL)
    chunks_free = k->next;
  else if ((k = malloc(sizeof *k)) == NULL)
    die("malloc", ENOMEM);
  *k = (struct chunk){.data = data, .size = size, .buffer = buffer, .own = own};
  if (buffer >= 0) buffer_ref(buffer);
  if (c->first == NULL) {
    c->first = c->last = k;
    send_begin(index);
  } else {
    c->last = last->next = k;
  }
}

static void sent(unsigned index, int result) {
  struct connection* c = &connections[index];
  struct chunk* k = c->first;
  if (result < 0) {
    c->closing = true;
    result = (int)k->size;
    if (c->receiving) shutdown_begin(index);  // its receive ends, and then it is closed
  }
  if ((size_t)result < k->size) {
    k->data += result;
    k->size -= (size_t)result;
    return send_begin(index);
  }
  c->first = k->next;
  if (c->first == NULL) c->last = NULL;
  if (k->buffer >= 0)
    buffer_release(k->buffer);
  else
    free(k->own);
  k->next = chunks_free;
  chunks_free = k;
  if (c->first != NULL)
    send_begin(index);
  else
    close_if_over(index);
}

// Moves up to `n` bytes into the message that has begun, as many as it needs. True when whole.
static bool begun_fill(struct connection* c, char** data, size_t* n) {
  struct begun* b = c->begun;
  for (;;) {
    uint32_t length = 0;
    if (b->size >= prefix_bytes) memcpy(&length, b->data, sizeof length);
    const size_t wanted = prefix_bytes + (b->size >= prefix_bytes ? ntohl(length) : 0);
    if (b->size >= prefix_bytes && wanted == b->size) return true;
    if (wanted > b->room) {
      b = c->begun = realloc(b, sizeof *b + wanted);
      if (b == NULL) die("realloc", ENOMEM);
      b->room = wanted;
    }
    const size_t take = *n < wanted - b->size ? *n : wanted - b->size;
    if (take == 0) return false;
    memcpy(b->data + b->size, *data, take);
    b->size += take;
    *data += take;
    *n -= take;
  }
}

// Answers every complete message of what has arrived with one send, and keeps the rest.
static bool reply_frames(unsigned index, char* data, size_t n, int buffer) {
  struct connection* c = &connections[index];
  if (c->begun != NULL) {
    if (!begun_fill(c, &data, &n)) return true;
    reply(index, c->begun->data, c->begun->size, -1, c->begun);
    c->begun = NULL;
  }
  const long whole = frames_complete(data, n);
  if (whole < 0) return false;
  if (whole > 0) reply(index, data, (size_t)whole, buffer, NULL);
  data += whole;
  n -= (size_t)whole;
  if (n == 0) return true;
  c->begun = calloc(1, sizeof *c->begun + prefix_bytes);
  if (c->begun == NULL) die("calloc", ENOMEM);
  c->begun->room = prefix_bytes;
  begun_fill(c, &data, &n);
  return true;
}

// Reply and close as one chain: the close happens when the last byte has been taken.
static void answer(unsigned index, char* data, size_t n, int buffer) {
  buffer_ref(buffer);
  struct io_uring_sqe* sqe = ring_next();
  io_uring_prep_send(sqe, (int)index, data, n, MSG_NOSIGNAL | MSG_WAITALL);
  mark(sqe, op_answer, (unsigned)buffer, IOSQE_FIXED_FILE | IOSQE_IO_HARDLINK);
  close_begin(index);
}

static void received(unsigned index, const struct io_uring_cqe* cqe) {
  struct connection* c = &connections[index];
  if ((cqe->flags & IORING_CQE_F_MORE) == 0) c->receiving = false;
  if (cqe->res > 0) {
    char* data = NULL;
    const int buffer = buffer_take(cqe, &data);
    const size_t n = (size_t)cqe->res;
    if (mode == mode_echo) reply(index, data, n, buffer, NULL);
    if (mode == mode_accept) answer(index, data, n, buffer);
    if (mode == mode_framed && !reply_frames(index, data, n, buffer)) shutdown_begin(index);
    buffer_release(buffer);
    if (mode != mode_accept && !c->receiving) receive_begin(index);
  } else if (cqe->res == -ENOBUFS && buffers_left()) {
    receive_begin(index);
  } else if (cqe->res == -ENOBUFS) {
    starved[starved_count++] = index;
  } else {
    c->closing = true;
    close_if_over(index);
  }
}

static void happened(const struct io_uring_cqe* cqe) {
  const unsigned index = (unsigned)cqe->user_data;
  switch ((enum operation)(cqe->user_data >> 32)) {
    case op_accept:
      if (cqe->res >= 0 && mode == mode_source)
        source_begin((unsigned)cqe->res);
      else if (cqe->res >= 0)
        receive_begin((unsigned)cqe->res);
      if ((cqe->flags & IORING_CQE_F_MORE) == 0) accept_begin();
      break;
    case op_receive: received(index, cqe); break;
    case op_send: sent(index, cqe->res); break;
    case op_answer: buffer_release((int)index); break;
    case op_source:
      if (cqe->res == (int)sizeof payload)
        source_begin(index);
      else
        close_begin(index);
      break;
    case op_close: break;
  }
}

void serve_datagrams(const char* port);

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  mode = mode_named(argv[1]);
  memset(payload, 'x', sizeof payload);
  if (mode == mode_udp) serve_datagrams(argv[2]);

  listener = socket_bound(mode, argv[2], 0);
  ring_make();
  ring_table(connections_max);
  buffers_shared();
  accept_begin();
  say_ready();
  for (;;) ring_turn(happened);
}
