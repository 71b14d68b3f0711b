// SPDX-License-Identifier: MIT
// Coroutine frames from a thread-local free list: a few nanoseconds instead of malloc's fifteen.

#include <bight/task.hpp>

#include "base/names.hpp"

#include <array>
#include <new>

#include <threads.h>

#if defined(__SANITIZE_ADDRESS__)
#define BIGHT_POOL_FRAMES 0  // pooling would hide a use after free
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define BIGHT_POOL_FRAMES 0
#endif
#endif
#ifndef BIGHT_POOL_FRAMES
#define BIGHT_POOL_FRAMES 1
#endif

namespace bight {

namespace {

// Size classes. glibc's malloc puts an eight-byte header before each block and rounds to sixteen,
// so these sizes waste nothing.
constexpr std::size_t frame_step = 16;
constexpr std::size_t frame_header = 8;
constexpr std::size_t frame_pooled_max = 2048;  // larger frames are rare and use plain new
constexpr std::size_t frame_classes = frame_pooled_max / frame_step + 1;
constexpr std::size_t frame_kept_max = 1 << 20;  // limit in bytes per class, also after a burst

struct free_frame {
  free_frame* next;
};

struct free_list {
  free_frame* head = nullptr;
  std::size_t kept = 0;
};

// Constant-initialised and trivially destructible, so access takes one instruction.
constinit thread_local std::array<free_list, frame_classes> lists;

std::size_t place_of(std::size_t size) noexcept { return (size + frame_header - 1) / frame_step; }

std::size_t rounded(std::size_t size) noexcept {
  return (place_of(size) + 1) * frame_step - frame_header;
}

// Frees the lists when the thread ends. Frames freed or allocated after that use plain new and
// delete, because each list is empty and marked full.
void free_lists(void*) noexcept {
  for (auto& list : lists) {
    while (list.head != nullptr) ::operator delete(std::exchange(list.head, list.head->next));
    list.kept = frame_kept_max;
  }
}

// Calls free_lists() at the end of each thread that registered. A thread_local object with a
// destructor would also work, but its first use allocates, and glibc aborts the program if that
// allocation fails.
struct thread_ends {
  tss_t key{};
  bool made = tss_create(&key, free_lists) == thrd_success;

  [[nodiscard]] bool ask() const noexcept {
    return made && tss_set(key, lists.data()) == thrd_success;
  }
};

// Called when an empty list is about to hold a frame, which may be the thread's first. Returns
// false if the thread-exit callback cannot be registered for lack of memory.
[[gnu::noinline]] bool will_end() noexcept {
  static const thread_ends ends;
  return ends.ask();
}

}  // namespace

void* machinery::frame_allocate(std::size_t size) {
  if (!BIGHT_POOL_FRAMES || size > frame_pooled_max) return ::operator new(size);
  free_list& list = lists[place_of(size)];
  if (list.head == nullptr) return ::operator new(rounded(size));
  list.kept -= rounded(size);
  return std::exchange(list.head, list.head->next);
}

void machinery::frame_free(void* frame, std::size_t size) noexcept {
  if (!BIGHT_POOL_FRAMES || size > frame_pooled_max) return ::operator delete(frame);
  free_list& list = lists[place_of(size)];
  if (list.kept >= frame_kept_max) return ::operator delete(frame);
  if (list.head == nullptr && !will_end()) return ::operator delete(frame);
  list.kept += rounded(size);
  list.head = ::new (frame) free_frame{list.head};
}

}  // namespace bight
