// SPDX-License-Identifier: MIT
#include <bight/deadline.hpp>
#include <bight/event.hpp>
#include <bight/task.hpp>

#include "allocations.hpp"
#include "base/names.hpp"
#include "manual_scheduler.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <new>
#include <thread>
#include <vector>

#include <malloc.h>
#include <threads.h>

// With a sanitizer frames are not pooled, so that a use after free shows.
#if defined(__SANITIZE_ADDRESS__)
#define BIGHT_FRAMES_POOLED 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define BIGHT_FRAMES_POOLED 0
#endif
#endif
#ifndef BIGHT_FRAMES_POOLED
#define BIGHT_FRAMES_POOLED 1
#endif

namespace bight {
namespace {

TEST(frames, of_every_size_are_writable_from_end_to_end) {
  for (const std::size_t size : {1u, 63u, 64u, 65u, 2047u, 2048u, 2049u, 100'000u}) {
    std::vector<void*> held;
    for (int i = 0; i < 3; ++i) {
      held.push_back(frame_allocate(size));
      std::memset(held.back(), i, size);
    }
    for (void* frame : held) frame_free(frame, size);
  }
}

TEST(frames, are_reused) {
  if (!BIGHT_FRAMES_POOLED) GTEST_SKIP() << "frames are not pooled under this sanitizer";
  void* first = frame_allocate(200);
  frame_free(first, 200);
  const std::size_t before = allocations();
  void* second = frame_allocate(199);
  EXPECT_EQ(first, second);
  EXPECT_EQ(allocations(), before);
  frame_free(second, 199);
}

TEST(frames, are_pooled_up_to_2048_bytes_and_no_larger) {
  if (!BIGHT_FRAMES_POOLED) GTEST_SKIP() << "frames are not pooled under this sanitizer";
  for (const std::size_t size : {2048u, 2049u, 2056u, 2064u, 4096u}) {
    frame_free(frame_allocate(size), size);
    const std::size_t before = allocations();
    void* again = frame_allocate(size);
    EXPECT_EQ(allocations() - before, size > 2048 ? 1u : 0u) << size;
    frame_free(again, size);
  }
}

TEST(frames, after_a_burst_are_kept_only_up_to_a_limit) {
  if (!BIGHT_FRAMES_POOLED) GTEST_SKIP() << "frames are not pooled under this sanitizer";
  constexpr std::size_t size = 1000;   // a size class, to its last byte
  constexpr std::size_t burst = 4096;  // 4 MB; 1 MiB is kept
  std::vector<void*> held(burst);
  for (void*& frame : held) frame = frame_allocate(size);
  for (void* frame : held) frame_free(frame, size);
  const std::size_t before = allocations();
  for (void*& frame : held) frame = frame_allocate(size);
  EXPECT_EQ(allocations() - before, burst - ((1 << 20) + size - 1) / size);
  for (void* frame : held) frame_free(frame, size);
}

TEST(frames, of_one_thread_may_be_freed_by_another) {
  if (!BIGHT_ALLOCATIONS_COUNTED) GTEST_SKIP() << "ThreadSanitizer has its own operator new";
  void* frame = frame_allocate(100);
  std::thread([frame] { frame_free(frame, 100); }).join();
}

TEST(frames, of_a_thread_that_only_frees_do_not_outlive_it) {
  if (!BIGHT_FRAMES_POOLED) GTEST_SKIP() << "frames are not pooled under this sanitizer";
  constexpr std::size_t count = 1000;
  std::vector<void*> frames(count);
  for (void*& frame : frames) frame = frame_allocate(150);
  const std::size_t before = mallinfo2().uordblks;  // of all threads: mallinfo2(3)
  std::thread([&frames] {
    for (void* frame : frames) frame_free(frame, 150);
  }).join();
  EXPECT_LE(mallinfo2().uordblks + count * 100, before);
}

// Called after the pool of the thread has ended: glibc calls the destructors of a thread's keys in
// the order in which the keys were made.
std::array<bool, 2> fresh{};
void use_frames_late(void* kept) {
  frame_free(kept, 100);
  for (bool& f : fresh) {  // a pool that had died could hand out the same memory twice
    const std::size_t before = allocations();
    void* frame = frame_allocate(100);
    f = allocations() == before + 1;
    std::memset(frame, 1, 100);
    frame_free(frame, 100);
  }
}

TEST(frames, freed_after_the_threads_pool_go_to_plain_delete) {
  if (!BIGHT_FRAMES_POOLED) GTEST_SKIP() << "frames are not pooled under this sanitizer";
  fresh = {};
  std::thread([] { frame_free(frame_allocate(100), 100); }).join();  // makes the pool's key
  tss_t later{};
  ASSERT_EQ(tss_create(&later, use_frames_late), thrd_success);
  std::thread([later] {
    tss_set(later, frame_allocate(100));
    frame_free(frame_allocate(100), 100);
  }).join();
  tss_delete(later);
  EXPECT_TRUE(fresh[0]);
  EXPECT_TRUE(fresh[1]) << "the pool kept a frame after its own end";
}

TEST(frames, waits_and_their_wrappers_need_none) {
  if (!BIGHT_ALLOCATIONS_COUNTED) GTEST_SKIP() << "ThreadSanitizer has its own operator new";
  manual_scheduler loop;
  auto waits = []() -> task<std::size_t> {
    auto once = attempt(within(1h, sleep(1s)));  // grows the heap of timers
    (void)co_await std::move(once);
    const std::size_t before = allocations();
    for (int i = 0; i < 10; ++i) {
      (void)co_await attempt(within(1h, sleep(1s)));
    }
    co_return allocations() - before;
  };
  EXPECT_EQ(loop.run(waits()), 0u);
}

// A frame too large for the pool, so that plain new is asked in every build. clang would place it
// into the caller's frame if it were inlined, and leave the array out if nobody could see it.
__attribute__((noinline)) task<int> large_frame() {
  std::array<char, 4096> locals{};
  asm volatile("" : : "r"(locals.data()) : "memory");
  co_await sleep(0s);
  asm volatile("" : : "r"(locals.data()) : "memory");
  co_return locals[0];
}

task<int> needs_three() {
  int sum = co_await large_frame();
  sum += co_await large_frame();
  auto values = co_await all(large_frame(), large_frame());
  co_return sum + std::get<0>(values);
}

// faults.md M10, D01.
TEST(frames, that_cannot_be_allocated_throw_bad_alloc_where_the_task_is_made) {
  if (!BIGHT_ALLOCATIONS_COUNTED) GTEST_SKIP() << "ThreadSanitizer has its own operator new";
  int failures = 0;
  for (std::size_t nth = 1; nth < 100; ++nth) {
    manual_scheduler loop;
    auto outcome = std::make_shared<running<int>>();
    auto guarded = [](std::size_t n, std::shared_ptr<running<int>> out) -> task<> {
      failing_allocations fail(n);
      try {
        out->value.emplace(co_await needs_three());
      } catch (const std::bad_alloc&) {
        out->failure = std::current_exception();
      }
      out->done = fail.failed();
    };
    loop.run(guarded(nth, outcome));
    EXPECT_NE(outcome->failure != nullptr, outcome->value.has_value());
    EXPECT_EQ(outcome->failure != nullptr, outcome->done);
    if (outcome->value) break;
    ++failures;
  }
  EXPECT_GE(failures, 4);  // one for each large frame, at least
}

}  // namespace
}  // namespace bight
