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

/// The result of a request, copied from the completion queue.
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

  /// Sets up queues for `entries` requests, with the best flags that this kernel supports. Returns
  /// 0 or -errno.
  [[nodiscard]] int set_up(unsigned entries) noexcept;

  /// A request to fill in. Never fails: if the queue is full, submits its requests first.
  [[nodiscard]] io_uring_sqe* next() noexcept {
    io_uring_sqe* entry = next_if_free();
    return entry != nullptr ? entry : next_after_submit();
  }
  /// The same, but returns null if the queue is full. As io_uring_get_sqe() for a ring with our
  /// flags, but always clears the request: some versions of liburing do it only in the prep calls.
  [[nodiscard]] io_uring_sqe* next_if_free() noexcept {
    io_uring_sq& queue = ring_.sq;
    if (queue.sqe_tail - io_uring_smp_load_acquire(queue.khead) >= queue.ring_entries)
      return nullptr;
    io_uring_sqe* const entry = &queue.sqes[queue.sqe_tail++ & queue.ring_mask];
    *entry = {};
    return entry;
  }

  /// Submits the queued requests and waits for a completion, for at most `limit`. Zero does not
  /// wait; negative waits without limit. Makes at most one system call. Returns 0 or -errno.
  int enter(duration limit) noexcept {
    return limit < duration::zero() ? submit_and_wait() : enter_briefly(limit);
  }

  /// Calls `take` with the user data and the result of every completion in the queue, in order.
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
      std::memcpy(&c, reinterpret_cast<const std::byte*>(&entry) + result_at, sizeof c);
      io_uring_smp_store_release(shared_head, ++head);
      take(user_data, c);
    }
  }

  /// The index of a request in its queue, below entries(). It is used again after the request has
  /// been submitted.
  [[nodiscard]] std::size_t place_of(const io_uring_sqe* request) const noexcept {
    return static_cast<std::size_t>(request - ring_.sq.sqes);
  }
  [[nodiscard]] unsigned entries() const noexcept { return entries_; }

  /// Registers the file of `fd`, which saves the kernel a lookup for each request, and keeps it
  /// open until unregister_file(). Returns its number among the registered files
  /// (IOSQE_FIXED_FILE), or -1 if none is free or the kernel has none.
  [[nodiscard]] int register_file(int fd) noexcept;
  void unregister_file(int file) noexcept;

  /// In a child of fork(2), which has no queues: makes the destructor only close the descriptor.
  void disown() noexcept { owned_ = false; }

  /// The ring's descriptor; -1 if not set up.
  [[nodiscard]] int fd() const noexcept { return entries_ != 0 ? ring_.ring_fd : -1; }
  /// Flags and size, as text for the user.
  [[nodiscard]] std::string describe() const;

 private:
  [[nodiscard]] io_uring_sqe* next_after_submit() noexcept;
  [[gnu::noinline]] int enter_briefly(duration limit) noexcept;

  // As io_uring_submit_and_wait(), but in one function. That one uses three, and the processor
  // mispredicts the return from each.
  int submit_and_wait() noexcept {
    io_uring_sq& queue = ring_.sq;
    queue.sqe_head = queue.sqe_tail;
    io_uring_smp_store_release(queue.ktail, queue.sqe_tail);
    return io_uring_enter(static_cast<unsigned>(ring_.enter_ring_fd), queue.sqe_tail - *queue.khead,
                          1, enter_flags_, nullptr);
  }

  static constexpr std::size_t result_at = offsetof(io_uring_cqe, res);
  static_assert(offsetof(io_uring_cqe, flags) == result_at + offsetof(completion, flags));

  io_uring ring_{};
  unsigned flags_ = 0;
  unsigned enter_flags_ = IORING_ENTER_GETEVENTS;
  unsigned entries_ = 0;  // 0: not set up
  static constexpr unsigned files_max = 16;
  bool owned_ = true;
  bool has_files_ = false;
  std::bitset<files_max> files_;  // the numbers in use
};

}  // namespace bight::uring
