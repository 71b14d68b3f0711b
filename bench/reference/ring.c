// SPDX-License-Identifier: MIT

#include "ring.h"

#include <sys/mman.h>

enum {
  buffers_max = 256,
  // liburing 2.3 has no names for these (linux/io_uring.h since 6.12).
  buffer_ring_incremental = 2,  // IOU_PBUF_RING_INC
  buffer_more = 1 << 4,         // IORING_CQE_F_BUF_MORE
};

struct buffer {
  size_t used;
  unsigned refs;  // of replies, and one of the kernel's while it may fill the buffer further
};

static struct io_uring ring;
static struct io_uring_buf_ring* buffer_ring;
static struct buffer buffers[buffers_max];
static char* memory;
static unsigned buffer_count;
static size_t buffer_size;
static unsigned given;  // buffers that the kernel may fill
static bool busy_poll;  // looks again and again instead of sleeping

void ring_make(void) {
  struct io_uring_params p = {
      .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_COOP_TASKRUN |
               IORING_SETUP_CQSIZE,
      .cq_entries = 32768,
  };
  const int e = io_uring_queue_init_params(4096, &ring, &p);
  if (e != 0) die("io_uring_setup", -e);
  busy_poll = getenv("BENCH_BUSY_POLL") != NULL;
  io_uring_register_ring_fd(&ring);  // saves looking the ring up in every call
}

void ring_table(unsigned count) {
  const int e = io_uring_register_files_sparse(&ring, count);
  if (e != 0) die("io_uring_register_files", -e);
}

void ring_fix(int fd) {
  const int e = io_uring_register_files(&ring, &fd, 1);
  if (e != 0) die("io_uring_register_files", -e);
}

struct io_uring_sqe* ring_next(void) {
  struct io_uring_sqe* sqe = io_uring_get_sqe(&ring);
  while (sqe == NULL) {
    io_uring_submit(&ring);
    sqe = io_uring_get_sqe(&ring);
  }
  return sqe;
}

void ring_turn(void (*happened)(const struct io_uring_cqe*)) {
  if (busy_poll)
    io_uring_submit_and_get_events(&ring);
  else
    io_uring_submit_and_wait(&ring, 1);
  struct io_uring_cqe* cqe;
  unsigned head;
  unsigned seen = 0;
  io_uring_for_each_cqe(&ring, head, cqe) {
    happened(cqe);
    ++seen;
  }
  io_uring_cq_advance(&ring, seen);
}

static void buffer_give(int id) {
  buffers[id] = (struct buffer){.refs = 1};
  ++given;
  io_uring_buf_ring_add(buffer_ring, memory + (size_t)id * buffer_size, (unsigned)buffer_size,
                        (unsigned short)id, io_uring_buf_ring_mask(buffer_count), 0);
  io_uring_buf_ring_advance(buffer_ring, 1);
}

static int buffers_make(unsigned count, size_t size, unsigned flags) {
  buffer_count = count;
  buffer_size = size;
  if (buffer_ring == NULL) {
    buffer_ring = mmap(NULL, buffers_max * sizeof(struct io_uring_buf), PROT_READ | PROT_WRITE,
                       MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
    if (buffer_ring == MAP_FAILED) die("mmap", errno);
    io_uring_buf_ring_init(buffer_ring);
  }
  struct io_uring_buf_reg reg = {
      .ring_addr = (uint64_t)buffer_ring, .ring_entries = count, .pad = (uint16_t)flags};
  const int e = io_uring_register_buf_ring(&ring, &reg, 0);
  if (e != 0) return e;
  memory = mmap(NULL, count * size, PROT_READ | PROT_WRITE, MAP_ANONYMOUS | MAP_PRIVATE, -1, 0);
  if (memory == MAP_FAILED) die("mmap", errno);
  for (unsigned id = 0; id < count; ++id) buffer_give((int)id);
  return 0;
}

void buffers_shared(void) {
  if (buffers_make(16, chunk_bytes, buffer_ring_incremental) != 0) buffers_whole(256, 16384);
}

void buffers_whole(unsigned count, size_t size) {
  const int e = buffers_make(count, size, 0);
  if (e != 0) die("io_uring_register_buf_ring", -e);
}

int buffer_take(const struct io_uring_cqe* cqe, char** data) {
  const int id = (int)(cqe->flags >> IORING_CQE_BUFFER_SHIFT);
  struct buffer* b = &buffers[id];
  *data = memory + (size_t)id * buffer_size + b->used;
  b->used += (size_t)cqe->res;
  // Without this flag the kernel is done with it, and its reference is the caller's.
  if ((cqe->flags & buffer_more) != 0)
    ++b->refs;
  else
    --given;
  return id;
}

void buffer_ref(int id) { ++buffers[id].refs; }

bool buffer_unref(int id) {
  if (--buffers[id].refs != 0) return false;
  buffer_give(id);
  return true;
}

bool buffers_left(void) { return given != 0; }
