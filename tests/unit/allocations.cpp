// SPDX-License-Identifier: MIT
#include "allocations.hpp"

#include <cstdlib>
#include <limits>
#include <new>

namespace {

constexpr std::size_t never = std::numeric_limits<std::size_t>::max();

thread_local std::size_t count = 0;
thread_local std::size_t fail_from = never;
thread_local bool has_failed = false;

}  // namespace

#if BIGHT_ALLOCATIONS_COUNTED
void* operator new(std::size_t size) {
  if (++count >= fail_from) {
    has_failed = true;
    throw std::bad_alloc();
  }
  if (void* memory = std::malloc(size == 0 ? 1 : size)) return memory;
  throw std::bad_alloc();
}

// Together with the other: a sanitizer's own would not fit to our delete.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  if (++count < fail_from) return std::malloc(size == 0 ? 1 : size);
  has_failed = true;
  return nullptr;
}

void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
#endif

namespace bight {

std::size_t allocations() noexcept { return count; }

failing_allocations::failing_allocations(std::size_t nth) noexcept {
  fail_from = count + nth;
  has_failed = false;
}

failing_allocations::~failing_allocations() { fail_from = never; }

bool failing_allocations::failed() const noexcept { return has_failed; }

}  // namespace bight
