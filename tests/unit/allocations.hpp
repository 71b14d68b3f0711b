// SPDX-License-Identifier: MIT
#pragma once

/// Counts what plain `new` is asked for in this program, and makes it fail when told to.

#include <cstddef>

// ThreadSanitizer brings an operator new that cannot be replaced.
#if defined(__SANITIZE_THREAD__)
#define BIGHT_ALLOCATIONS_COUNTED 0
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define BIGHT_ALLOCATIONS_COUNTED 0
#endif
#endif
#ifndef BIGHT_ALLOCATIONS_COUNTED
#define BIGHT_ALLOCATIONS_COUNTED 1
#endif

namespace bight {

/// Calls of operator new so far.
[[nodiscard]] std::size_t allocations() noexcept;

/// The bytes that operator new has given and that are still held, with what malloc(3) adds to each.
[[nodiscard]] std::size_t bytes_held() noexcept;

/// While this lives, the n-th call of operator new from here on fails, and every later one.
class failing_allocations {
 public:
  explicit failing_allocations(std::size_t nth) noexcept;
  failing_allocations(const failing_allocations&) = delete;
  failing_allocations& operator=(const failing_allocations&) = delete;
  ~failing_allocations();
  /// Whether one has failed.
  [[nodiscard]] bool failed() const noexcept;
};

}  // namespace bight
