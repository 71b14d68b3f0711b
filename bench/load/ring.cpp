// SPDX-License-Identifier: MIT
#include "ring.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace load {

namespace {

// liburing 2.3 has no names for these (linux/io_uring.h since 6.12).
constexpr unsigned buffer_ring_incremental = 2;  // IOU_PBUF_RING_INC
constexpr unsigned buffer_more = 1U << 4;        // IORING_CQE_F_BUF_MORE

// Processors of AMD (Zen 3) copy at a twentieth of their speed to where lies 1 to 31 bytes further
// in its page than what is copied (rep movsb). The kernel fills a connection's pages from their
// fronts, so buffers begin in the middle of one: the load would be the bottleneck otherwise.
constexpr std::size_t page_bytes = 4096;

}  // namespace

void fail(const std::string& what, int error) {
  std::fprintf(stderr, "bench_load: %s: %s\n", what.c_str(), std::strerror(error));
  std::exit(1);
}

ring::ring(buffers kind, std::size_t whole_size)
    : size_(kind == buffers::shared ? 65536 : whole_size),
      count_(kind == buffers::shared ? 16 : 1024),
      incremental_(kind == buffers::shared) {
  io_uring_params p = {};
  p.flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_COOP_TASKRUN |
            IORING_SETUP_CQSIZE;
  p.cq_entries = 32768;
  if (const int e = io_uring_queue_init_params(4096, &ring_, &p)) fail("io_uring_setup", -e);

  const std::size_t ring_bytes = 1024 * sizeof(io_uring_buf);
  void* pages = nullptr;
  if (const int e = posix_memalign(&pages, 4096, ring_bytes)) fail("buffer ring", e);
  buffers_ = static_cast<io_uring_buf_ring*>(pages);
  io_uring_buf_ring_init(buffers_);
  io_uring_buf_reg reg = {};
  reg.ring_addr = reinterpret_cast<std::uint64_t>(pages);
  reg.ring_entries = count_;
  reg.pad = incremental_ ? buffer_ring_incremental : 0;
  int refused = io_uring_register_buf_ring(&ring_, &reg, 0);
  if (refused != 0 && incremental_) {
    // Before Linux 6.12 each receive takes a whole buffer: more and smaller ones then.
    incremental_ = false;
    count_ = 512;
    size_ = 16384;
    reg.ring_entries = count_;
    reg.pad = 0;
    refused = io_uring_register_buf_ring(&ring_, &reg, 0);
  }
  if (refused != 0) fail("buffer ring", -refused);

  memory_.resize(size_ * count_ + 2 * page_bytes);
  const auto in_page = reinterpret_cast<std::uintptr_t>(memory_.data()) % page_bytes;
  front_ = memory_.data() + page_bytes - in_page + page_bytes / 2;
  used_.resize(count_);
  for (unsigned i = 0; i < count_; ++i)
    io_uring_buf_ring_add(buffers_, front_ + i * size_, static_cast<unsigned>(size_),
                          static_cast<unsigned short>(i), static_cast<int>(count_ - 1),
                          static_cast<int>(i));
  io_uring_buf_ring_advance(buffers_, static_cast<int>(count_));
}

ring::~ring() {
  io_uring_queue_exit(&ring_);
  std::free(buffers_);
}

void ring::fix(const std::vector<int>& fds) {
  const int e = io_uring_register_files(&ring_, fds.data(), static_cast<unsigned>(fds.size()));
  if (e != 0) fail("io_uring_register_files", -e);
}

io_uring_sqe* ring::next() {
  io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
  while (sqe == nullptr) {
    io_uring_submit(&ring_);
    sqe = io_uring_get_sqe(&ring_);
  }
  return sqe;
}

void ring::receive(int socket, bool fixed, std::uint64_t mark) {
  io_uring_sqe* sqe = next();
  io_uring_prep_recv_multishot(sqe, socket, nullptr, 0, 0);
  sqe->flags |= IOSQE_BUFFER_SELECT | (fixed ? IOSQE_FIXED_FILE : 0U);
  sqe->buf_group = 0;
  sqe->user_data = mark;
}

void ring::send(int socket, bool fixed, const char* bytes, std::size_t n, std::uint64_t mark,
                bool quiet) {
  io_uring_sqe* sqe = next();
  // WAITALL: a short send goes on in the kernel.
  io_uring_prep_send(sqe, socket, bytes, n, MSG_NOSIGNAL | MSG_WAITALL);
  sqe->flags |= (fixed ? IOSQE_FIXED_FILE : 0U) | (quiet ? IOSQE_CQE_SKIP_SUCCESS : 0U);
  sqe->user_data = mark;
}

void ring::tick_arm() {
  io_uring_sqe* sqe = next();
  io_uring_prep_timeout(sqe, &interval_, 0, 0);
  sqe->user_data = tick_mark;
}

const char* ring::received(const io_uring_cqe& c) {
  const auto id = c.flags >> IORING_CQE_BUFFER_SHIFT;
  return front_ + id * size_ + used_[id];
}

void ring::give_back(const io_uring_cqe& c) {
  const auto id = c.flags >> IORING_CQE_BUFFER_SHIFT;
  if (incremental_ && (c.flags & buffer_more) != 0) {
    used_[id] += static_cast<std::size_t>(c.res);
    return;
  }
  used_[id] = 0;
  io_uring_buf_ring_add(buffers_, front_ + id * size_, static_cast<unsigned>(size_),
                        static_cast<unsigned short>(id), static_cast<int>(count_ - 1), 0);
  io_uring_buf_ring_advance(buffers_, 1);
}

}  // namespace load
