// SPDX-License-Identifier: MIT
#pragma once

/// An io_uring with received bytes in shared buffers: what makes one core enough to keep a fast
/// server busy.

#include "clock.hpp"

#include <liburing.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace load {

[[noreturn]] void fail(const std::string& what, int error);

class ring {
 public:
  enum class buffers : std::uint8_t {
    shared,  // sixteen of 64 KiB that streams fill one behind the other
    whole,   // one for each receive: datagrams must not be cut
  };

  ring(buffers kind, std::size_t whole_size = 0);
  ~ring();
  ring(const ring&) = delete;
  ring& operator=(const ring&) = delete;

  /// Sockets by their place in `fds`, so that an operation need not look them up.
  void fix(const std::vector<int>& fds);

  void receive(int socket, bool fixed, std::uint64_t mark);
  /// With `quiet` only a failure is told; `bytes` must then live for ever.
  void send(int socket, bool fixed, const char* bytes, std::size_t n, std::uint64_t mark,
            bool quiet);

  /// Submits, waits and calls `handle(mark, result, bytes, more)` for each thing that happened.
  /// `tick(now)` comes before them, at least every ten milliseconds; it ends the loop with false.
  template <class Tick, class Handle>
  void run(Tick tick, Handle handle, bool spin = false);

 private:
  static constexpr std::uint64_t tick_mark = ~0ULL;

  io_uring_sqe* next();
  void tick_arm();
  const char* received(const io_uring_cqe& c);
  void give_back(const io_uring_cqe& c);

  io_uring ring_;
  io_uring_buf_ring* buffers_ = nullptr;
  std::vector<char> memory_;
  char* front_ = nullptr;          // where the first buffer begins in it
  std::vector<std::size_t> used_;  // of each buffer
  std::size_t size_;
  unsigned count_;
  bool incremental_;
  __kernel_timespec interval_ = {.tv_sec = 0, .tv_nsec = 10'000'000};
};

template <class Tick, class Handle>
void ring::run(Tick tick, Handle handle, bool spin) {
  tick_arm();
  for (;;) {
    const int submitted =
        spin ? io_uring_submit_and_get_events(&ring_) : io_uring_submit_and_wait(&ring_, 1);
    if (submitted < 0 && submitted != -EINTR) fail("io_uring_enter", -submitted);
    const auto now = now_ns();
    if (!tick(now)) return;
    io_uring_cqe* cqe = nullptr;
    unsigned head = 0;
    unsigned seen = 0;
    io_uring_for_each_cqe(&ring_, head, cqe) {
      ++seen;
      if (cqe->user_data == tick_mark) {
        tick_arm();
        continue;
      }
      const bool lent = (cqe->flags & IORING_CQE_F_BUFFER) != 0;
      handle(cqe->user_data, cqe->res, lent ? received(*cqe) : nullptr,
             (cqe->flags & IORING_CQE_F_MORE) != 0);
      if (lent) give_back(*cqe);
    }
    io_uring_cq_advance(&ring_, seen);
  }
}

}  // namespace load
