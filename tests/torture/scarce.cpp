// SPDX-License-Identifier: MIT
#include "torture/scarce.hpp"

#if BIGHT_MALLOC_CAN_FAIL
#include "support/failing_malloc.hpp"
#endif

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
bool allocation_fails() noexcept {
  using namespace torture;
  const std::uint64_t number = count.fetch_add(1, std::memory_order_relaxed) + 1;
  if (number < first.load(std::memory_order_relaxed) ||
      number > last.load(std::memory_order_relaxed))
    return false;
  failed.store(true, std::memory_order_relaxed);
  errno = ENOMEM;
  return true;
}
#endif
