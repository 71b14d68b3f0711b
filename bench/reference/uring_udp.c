// SPDX-License-Identifier: MIT
//
// The datagrams of reference_uring: one multishot recvmsg, and a send for each from the buffer that
// it arrived in, to the address that stands in front of it.

#include "ring.h"

enum {
  buffer_count = 128,
  buffer_bytes = chunk_bytes + 128,
  receive_mark = buffer_count,  // other marks are buffers that are being sent from
};

static struct msghdr shape = {.msg_namelen = sizeof(struct sockaddr_in)};
static bool receiving;

static void receive_begin(void) {
  struct io_uring_sqe* sqe = ring_next();
  io_uring_prep_recvmsg_multishot(sqe, 0, &shape, 0);
  sqe->flags |= IOSQE_FIXED_FILE | IOSQE_BUFFER_SELECT;
  sqe->user_data = receive_mark;
  receiving = true;
}

static void happened(const struct io_uring_cqe* cqe) {
  if (cqe->user_data != receive_mark) {
    buffer_unref((int)cqe->user_data);
    if (!receiving) receive_begin();
    return;
  }
  if ((cqe->flags & IORING_CQE_F_MORE) == 0) receiving = false;
  // With no buffer left, the next send that ends begins the receive again.
  if (cqe->res == -ENOBUFS && !buffers_left()) return;
  if (cqe->res >= 0) {
    char* data = NULL;
    const int id = buffer_take(cqe, &data);
    struct io_uring_recvmsg_out* out = io_uring_recvmsg_validate(data, cqe->res, &shape);
    if (out == NULL) {
      buffer_unref(id);
    } else {
      // A send with an address is cheaper than sendmsg: the kernel copies no header.
      struct io_uring_sqe* sqe = ring_next();
      io_uring_prep_send(sqe, 0, io_uring_recvmsg_payload(out, &shape), out->payloadlen, 0);
      io_uring_prep_send_set_addr(sqe, io_uring_recvmsg_name(out), sizeof(struct sockaddr_in));
      sqe->flags |= IOSQE_FIXED_FILE;
      sqe->user_data = (uint64_t)id;
    }
  }
  if (!receiving) receive_begin();
}

void serve_datagrams(const char* port) {
  const int fd = socket_bound(mode_udp, port, 0);
  ring_make();
  ring_fix(fd);
  buffers_whole(buffer_count, buffer_bytes);
  receive_begin();
  say_ready();
  for (;;) ring_turn(happened);
}
