// SPDX-License-Identifier: MIT
#pragma once

/// Random numbers that a simulated world can reproduce.

#include <bight/task.hpp>
#include <bight/time.hpp>

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

namespace bight {

/// The random numbers of a loop: the kernel's, of cryptographic quality. In a simulated world they
/// follow from its seed, and nothing made from them is secret.
///
/// A std::uniform_random_bit_generator, so it works with std::shuffle and distributions. The
/// standard does not define which numbers these draw; below() is the same everywhere.
///
/// errors   a system error if the kernel has no random numbers (no getrandom(2), no /dev/urandom).
/// threads  the loop's thread only (asserted). Must not be used after the loop's end.
class random_source {
 public:
  /// The random numbers of the loop that runs the tasks of `c`. See random_numbers().
  explicit random_source(context& c) noexcept : loop_(&c.sched()) {}

  using result_type = std::uint64_t;
  [[nodiscard]] static constexpr result_type min() noexcept { return 0; }
  [[nodiscard]] static constexpr result_type max() noexcept {
    return std::numeric_limits<result_type>::max();
  }

  /// Returns 64 random bits.
  result_type operator()();
  /// Returns a number from 0 to `bound` - 1, each with the same probability. `bound` is at least 1
  /// (asserted).
  [[nodiscard]] std::uint64_t below(std::uint64_t bound);
  /// Returns a time from 0 up to but not including `bound`, which is more than zero (asserted).
  [[nodiscard]] duration below(duration bound);
  /// Fills `into`, for example with a token.
  void fill(std::span<std::byte> into);

 private:
  machinery::scheduler* loop_;
};

namespace machinery {

/// See random_numbers().
class [[nodiscard]] random_operation : public awaits<random_operation> {
 public:
  using value_type = random_source;
  bool start(std::coroutine_handle<>, context& c) noexcept {
    context_ = &c;
    return false;
  }
  [[nodiscard]] random_source get() const noexcept { return random_source(*context_); }
  [[nodiscard]] result<random_source> take() const { return get(); }

 private:
  context* context_ = nullptr;
};

}  // namespace machinery

/// Returns the random numbers of the loop in which the coroutine runs. Does not wait.
///
///     auto random = co_await random_numbers();
///     co_await sleep(random.below(1s));
[[nodiscard]] inline machinery::random_operation random_numbers() noexcept { return {}; }

}  // namespace bight
