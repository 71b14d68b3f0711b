// SPDX-License-Identifier: MIT
#include "allocations.hpp"

#include <cstdlib>
#include <limits>
#include <new>

#include <malloc.h>

namespace {

constexpr std::size_t never = std::numeric_limits<std::size_t>::max();

thread_local std::size_t count = 0;
thread_local std::size_t fail_from = never;
thread_local bool has_failed = false;
thread_local std::size_t held = 0;

}  // namespace

#if BIGHT_ALLOCATIONS_COUNTED
namespace {

// Of a block: glibc puts its length in front of it.
std::size_t taken_by(void* block) noexcept {
  return block != nullptr ? malloc_usable_size(block) + sizeof(std::size_t) : 0;
}

void* counted(std::size_t size) noexcept {
  void* block = std::malloc(size == 0 ? 1 : size);
  held += taken_by(block);
  return block;
}

void give_back(void* block) noexcept {
  held -= taken_by(block);
  std::free(block);
}

}  // namespace

void* operator new(std::size_t size) {
  if (++count >= fail_from) {
    has_failed = true;
    throw std::bad_alloc();
  }
  if (void* memory = counted(size)) return memory;
  throw std::bad_alloc();
}

// Together with the other: a sanitizer's own would not fit to our delete.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  if (++count < fail_from) return counted(size);
  has_failed = true;
  return nullptr;
}

void operator delete(void* memory) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t) noexcept { give_back(memory); }
#endif

namespace bight {

std::size_t allocations() noexcept { return count; }

std::size_t bytes_held() noexcept { return held; }

failing_allocations::failing_allocations(std::size_t nth) noexcept {
  fail_from = count + nth;
  has_failed = false;
}

failing_allocations::~failing_allocations() { fail_from = never; }

bool failing_allocations::failed() const noexcept { return has_failed; }

}  // namespace bight
