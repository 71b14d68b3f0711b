// SPDX-License-Identifier: MIT
#pragma once

/// Makes malloc(3) fail, for this whole process: `new`, OpenSSL, c-ares and the C library call it.

#include <cstdint>

// A sanitizer has a malloc of its own.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define BIGHT_MALLOC_CAN_FAIL 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define BIGHT_MALLOC_CAN_FAIL 0
#endif
#endif
#ifndef BIGHT_MALLOC_CAN_FAIL
#define BIGHT_MALLOC_CAN_FAIL 1
#endif

namespace torture {

/// Allocations of this process so far.
[[nodiscard]] std::uint64_t allocations() noexcept;

/// The n-th allocation from here on fails; with `and_later`, all after it too. 0: none.
void fail_allocation(std::uint64_t n, bool and_later) noexcept;

/// Whether one has failed since then.
[[nodiscard]] bool allocation_failed() noexcept;

}  // namespace torture
