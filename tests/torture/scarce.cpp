// SPDX-License-Identifier: MIT
#include "torture/scarce.hpp"

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <limits>

namespace torture {

namespace {

constexpr std::uint64_t never = std::numeric_limits<std::uint64_t>::max();

constinit std::atomic<std::uint64_t> count{0};
constinit std::atomic<std::uint64_t> first{never};
constinit std::atomic<std::uint64_t> last{never};
constinit std::atomic<bool> failed{false};

#if BIGHT_MALLOC_CAN_FAIL
// Whether this allocation fails.
bool fails() noexcept {
  const std::uint64_t number = count.fetch_add(1, std::memory_order_relaxed) + 1;
  if (number < first.load(std::memory_order_relaxed) ||
      number > last.load(std::memory_order_relaxed))
    return false;
  failed.store(true, std::memory_order_relaxed);
  errno = ENOMEM;
  return true;
}
#endif

}  // namespace

std::uint64_t allocations() noexcept { return count.load(); }

void fail_allocation(std::uint64_t n, bool and_later) noexcept {
  failed.store(false);
  first.store(never);
  last.store(n == 0 || and_later ? never : count.load() + n);
  first.store(n == 0 ? never : count.load() + n);
}

bool allocation_failed() noexcept { return failed.load(); }

}  // namespace torture

#if BIGHT_MALLOC_CAN_FAIL
// glibc's own, by the names that it exports for replacements.
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* block, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

void* malloc(std::size_t size) { return torture::fails() ? nullptr : __libc_malloc(size); }
void* calloc(std::size_t count, std::size_t size) {
  return torture::fails() ? nullptr : __libc_calloc(count, size);
}
void* realloc(void* block, std::size_t size) {
  return torture::fails() ? nullptr : __libc_realloc(block, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  return torture::fails() ? nullptr : __libc_memalign(alignment, size);
}
int posix_memalign(void** into, std::size_t alignment, std::size_t size) {
  void* block = aligned_alloc(alignment, size);
  if (block == nullptr) return ENOMEM;
  *into = block;
  return 0;
}
}
#endif
