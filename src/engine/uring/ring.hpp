// SPDX-License-Identifier: MIT
#pragma once

/// The two queues shared with the kernel: requests in, completions out.

#include "base/names.hpp"
#include "engine/uring/kernel_abi.hpp"

#include <bight/time.hpp>

#include <bitset>
#include <cstddef>
#include <cstring>
#include <string>

namespace bight::uring {

/// What a completion tells, copied out of its queue.
struct completion {
  int result;
  std::uint32_t flags;

  [[nodiscard]] bool more() const noexcept { return (flags & IORING_CQE_F_MORE) != 0; }
  [[nodiscard]] bool has_buffer() const noexcept { return (flags & IORING_CQE_F_BUFFER) != 0; }
  [[nodiscard]] unsigned buffer() const noexcept { return flags >> IORING_CQE_BUFFER_SHIFT; }
  [[nodiscard]] bool keeps_buffer() const noexcept {
    return (flags & abi::completion_buffer_more) != 0;
  }
};

class ring {
 public:
  ring() noexcept = default;
  ring(const ring&) = delete;
  ring& operator=(const ring&) = delete;
  ~ring();

  /// Sets up queues of `entries` requests, as modern as this kernel knows them. 0 or -errno.
  [[nodiscard]] int set_up(unsigned entries) noexcept;

  /// A request to fill in. Never fails: with the queue full, what is in it is submitted first.
  [[nodiscard]] io_uring_sqe* next() noexcept {
    io_uring_sqe* entry = next_if_free();
    return entry != nullptr ? entry : next_after_submit();
  }
  /// The same, but null with the queue full. As io_uring_get_sqe(), for a ring of our flags, and
  /// empty: of liburing's versions some clear a request here and some where it is filled in.
  [[nodiscard]] io_uring_sqe* next_if_free() noexcept {
    io_uring_sq& queue = ring_.sq;
    if (queue.sqe_tail - io_uring_smp_load_acquire(queue.khead) >= queue.ring_entries)
      return nullptr;
    io_uring_sqe* const entry = &queue.sqes[queue.sqe_tail++ & queue.ring_mask];
    *entry = {};
    return entry;
  }

  /// Submits what is queued and waits for a completion, at most for `limit`; zero: only looks,
  /// negative: without end. One system call; none when there is nothing to do. 0 or -errno.
  int enter(duration limit) noexcept {
    return limit < duration::zero() ? submit_and_wait() : enter_briefly(limit);
  }

  /// Calls `take` with the user data of every completion that has come by now, in order, and with
  /// what it tells.
  template <class F>
  void collect(F take) {
    const io_uring_cqe* const entries = ring_.cq.cqes;
    const unsigned mask = ring_.cq.ring_mask;
    unsigned* const shared_head = ring_.cq.khead;
    unsigned head = *shared_head;
    for (unsigned ready = io_uring_cq_ready(&ring_); ready > 0; --ready) {
      const io_uring_cqe& entry = entries[head & mask];
      const std::uint64_t user_data = entry.user_data;
      completion c;
      std::memcpy(&c, reinterpret_cast<const std::byte*>(&entry) + told_at, sizeof c);
      io_uring_smp_store_release(shared_head, ++head);
      take(user_data, c);
    }
  }

  /// The place of a request in its queue, below entries(). It is another's when the request has
  /// been submitted.
  [[nodiscard]] std::size_t place_of(const io_uring_sqe* request) const noexcept {
    return static_cast<std::size_t>(request - ring_.sq.sqes);
  }
  [[nodiscard]] unsigned entries() const noexcept { return entries_; }

  /// Registers `fd`, which saves the kernel a look-up for each request on it, and keeps the file
  /// open until strike(). Its number among the registered files (IOSQE_FIXED_FILE), or -1: there is
  /// no place left, or the kernel has none.
  [[nodiscard]] int enlist(int fd) noexcept;
  void strike(int file) noexcept;

  /// In a child of fork(2), which has no queues: only closes the ring in the end.
  void disown() noexcept { owned_ = false; }

  /// -1: not set up.
  [[nodiscard]] int fd() const noexcept { return entries_ != 0 ? ring_.ring_fd : -1; }
  /// For people: flags and size.
  [[nodiscard]] std::string describe() const;

 private:
  [[nodiscard]] io_uring_sqe* next_after_submit() noexcept;
  [[gnu::noinline]] int enter_briefly(duration limit) noexcept;

  // As io_uring_submit_and_wait(), in one call: that takes three, and the processor mispredicts
  // where each of them returns to.
  int submit_and_wait() noexcept {
    io_uring_sq& queue = ring_.sq;
    queue.sqe_head = queue.sqe_tail;
    io_uring_smp_store_release(queue.ktail, queue.sqe_tail);
    return io_uring_enter(static_cast<unsigned>(ring_.enter_ring_fd), queue.sqe_tail - *queue.khead,
                          1, enter_flags_, nullptr);
  }

  static constexpr std::size_t told_at = offsetof(io_uring_cqe, res);
  static_assert(offsetof(io_uring_cqe, flags) == told_at + offsetof(completion, flags));

  io_uring ring_{};
  unsigned flags_ = 0;
  unsigned enter_flags_ = IORING_ENTER_GETEVENTS;
  unsigned entries_ = 0;  // 0: not set up
  static constexpr unsigned files_max = 16;
  bool owned_ = true;
  bool has_files_ = false;
  std::bitset<files_max> files_;  // the places that are taken
};

}  // namespace bight::uring
