// SPDX-License-Identifier: MIT
#include "engine/uring/ring.hpp"

#include "base/check.hpp"

#include <cerrno>
#include <cstring>
#include <ctime>

#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define BIGHT_TSAN 1
extern "C" void __tsan_acquire(void* of);
extern "C" void __tsan_release(void* of);
#endif
#endif

namespace bight::uring {

namespace {

// liburing maps and unmaps the queues by system calls that ThreadSanitizer does not see. It would
// report a race on a queue at the address of one that another thread has unmapped.
#ifdef BIGHT_TSAN
constinit char mappings = 0;
void unmaps_queues() noexcept { __tsan_release(&mappings); }
void has_mapped_queues() noexcept { __tsan_acquire(&mappings); }
#else
void unmaps_queues() noexcept {}
void has_mapped_queues() noexcept {}
#endif

// Multishot requests complete in bursts of any size, so the completion queue is larger. If it is
// full, the kernel keeps completions in a list and ends multishots: slower, but nothing is lost.
constexpr unsigned completions_per_entry = 16;

// In order of preference. A kernel that does not know a flag returns EINVAL.
constexpr unsigned flags_always = IORING_SETUP_CQSIZE | IORING_SETUP_CLAMP;
constexpr unsigned flag_sets[] = {
    // Linux 6.1: the kernel completes requests only inside our io_uring_enter, without interrupts.
    IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG |
        IORING_SETUP_SUBMIT_ALL,
    // Linux 5.19.
    IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG | IORING_SETUP_SUBMIT_ALL,
    0,
};

}  // namespace

ring::~ring() {
  if (entries_ == 0) return;
  if (!owned_) {  // their addresses may be in use by others
    ::close(ring_.ring_fd);
    return;
  }
  unmaps_queues();
  io_uring_queue_exit(&ring_);
}

int ring::set_up(unsigned entries) noexcept {
  int outcome = -EINVAL;
  for (const unsigned flags : flag_sets) {
    io_uring_params parameters{};
    parameters.flags = flags | flags_always;
    parameters.cq_entries = entries * completions_per_entry;
    outcome = io_uring_queue_init_params(entries, &ring_, &parameters);
    if (outcome == -EINVAL) continue;
    if (outcome != 0) break;
    has_mapped_queues();
    flags_ = flags;
    entries_ = parameters.sq_entries;
    // A child of fork(2) must not write into its parent's queues.
    io_uring_ring_dontfork(&ring_);
    // Saves a lookup in each enter; may fail.
    if (io_uring_register_ring_fd(&ring_) == 1) enter_flags_ |= IORING_ENTER_REGISTERED_RING;
    // Makes the index of a request its number. Some versions of liburing do so at once, some only
    // when they submit. Newer kernels may have no such array.
    for (unsigned i = 0; ring_.sq.array != nullptr && i < ring_.sq.ring_entries; ++i)
      ring_.sq.array[i] = i;
    break;
  }
  return outcome;
}

int ring::enter_briefly(duration limit) noexcept {
  const bool queued = io_uring_sq_ready(&ring_) > 0;
  if (limit == duration::zero()) {
    // With TASKRUN_FLAG, shared memory shows whether the kernel has work to do.
    constexpr unsigned kernel_has_work = IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW;
    const bool idle = (flags_ & IORING_SETUP_TASKRUN_FLAG) != 0 &&
                      (IO_URING_READ_ONCE(*ring_.sq.kflags) & kernel_has_work) == 0;
    if (!queued && idle) return 0;
    return io_uring_submit_and_get_events(&ring_);
  }
  __kernel_timespec t{};
  t.tv_sec = limit.count() / 1'000'000'000;
  t.tv_nsec = limit.count() % 1'000'000'000;
  io_uring_cqe* ignored = nullptr;
  const int outcome = io_uring_submit_and_wait_timeout(&ring_, &ignored, 1, &t, nullptr);
  return outcome == -ETIME ? 0 : outcome;
}

io_uring_sqe* ring::next_after_submit() noexcept {
  for (;;) {
    const int outcome = io_uring_submit(&ring_);
    if (io_uring_sqe* entry = next_if_free()) return entry;
    check(outcome != -EEXIST,
          "io_uring takes no more requests: the loop is used on another thread");
    if (outcome < 0 && outcome != -EAGAIN && outcome != -EBUSY && outcome != -EINTR)
      give_up("the event loop cannot go on: io_uring_enter: ", std::strerror(-outcome));
    const timespec pause{0, 1'000'000};  // the kernel has no memory for requests
    nanosleep(&pause, nullptr);
  }
}

int ring::register_file(int fd) noexcept {
  if (!has_files_ && io_uring_register_files_sparse(&ring_, files_max) == 0) has_files_ = true;
  for (unsigned i = 0; has_files_ && i < files_max; ++i) {
    if (files_[i]) continue;
    if (io_uring_register_files_update(&ring_, i, &fd, 1) != 1) return -1;
    files_[i] = true;
    return static_cast<int>(i);
  }
  return -1;
}

void ring::unregister_file(int file) noexcept {
  const int none = -1;
  io_uring_register_files_update(&ring_, static_cast<unsigned>(file), &none, 1);
  files_[static_cast<unsigned>(file)] = false;
}

std::string ring::describe() const {
  std::string text;
  if ((flags_ & IORING_SETUP_SINGLE_ISSUER) != 0) text += "SINGLE_ISSUER ";
  if ((flags_ & IORING_SETUP_DEFER_TASKRUN) != 0) text += "DEFER_TASKRUN ";
  if ((flags_ & IORING_SETUP_COOP_TASKRUN) != 0) text += "COOP_TASKRUN ";
  return text + std::to_string(entries_) + " entries";
}

}  // namespace bight::uring
