// SPDX-License-Identifier: MIT
#pragma once

/// Replaces malloc and its kin, so that some of them can fail. For one source of a program or a
/// preloaded library, which defines allocation_fails().

#include <cerrno>
#include <cstddef>
#include <cstdlib>  // whose declarations these must match

/// Whether this allocation is to fail, with errno set then.
[[nodiscard]] bool allocation_fails() noexcept;

extern "C" {
// glibc's own, by the names that it exports for replacements.
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* block, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);

void* malloc(std::size_t size) { return allocation_fails() ? nullptr : __libc_malloc(size); }
void* calloc(std::size_t count, std::size_t size) {
  return allocation_fails() ? nullptr : __libc_calloc(count, size);
}
void* realloc(void* block, std::size_t size) {
  return allocation_fails() ? nullptr : __libc_realloc(block, size);
}
void* aligned_alloc(std::size_t alignment, std::size_t size) {
  return allocation_fails() ? nullptr : __libc_memalign(alignment, size);
}
int posix_memalign(void** into, std::size_t alignment, std::size_t size) {
  void* const block = aligned_alloc(alignment, size);
  if (block == nullptr) return ENOMEM;
  *into = block;
  return 0;
}
}
