// SPDX-License-Identifier: MIT
#include <bight/random.hpp>

#include "base/check.hpp"
#include "base/names.hpp"
#include "loop/loop.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace bight {

namespace {

// Bytes are taken from the engine by the block: one system call for 32 numbers.
struct random_block : loop_data {
  std::array<std::byte, 256> bytes{};
  std::size_t used = 256;

  void take(engine& from, std::span<std::byte> into) {
    while (!into.empty()) {
      if (used == bytes.size()) {
        from.random(bytes);
        used = 0;
      }
      const std::size_t count = std::min(into.size(), bytes.size() - used);
      std::memcpy(into.data(), bytes.data() + used, count);
      std::memset(bytes.data() + used, 0, count);  // a number that was given out is not kept
      used += count;
      into = into.subspan(count);
    }
  }
};

}  // namespace

void random_source::fill(std::span<std::byte> into) {
  loop_->check_thread("random numbers are used on a thread other than their loop's");
  auto& of = static_cast<loop&>(*loop_);
  of.data<random_block>().take(of.eng(), into);
}

random_source::result_type random_source::operator()() {
  std::array<std::byte, sizeof(result_type)> bytes;
  fill(bytes);
  result_type drawn = 0;  // the same in both byte orders
  for (const std::byte b : bytes) drawn = drawn << 8 | static_cast<result_type>(b);
  return drawn;
}

std::uint64_t random_source::below(std::uint64_t bound) {
  check(bound > 0, "a random number is below at least 1");
  // The last, incomplete run of `bound` numbers would make small ones more probable.
  const std::uint64_t complete = max() - max() % bound;
  for (;;)
    if (const std::uint64_t drawn = (*this)(); drawn < complete) return drawn % bound;
}

duration random_source::below(duration bound) {
  check(bound > duration::zero(), "a random time is below more than zero");
  return duration(static_cast<duration::rep>(below(static_cast<std::uint64_t>(bound.count()))));
}

}  // namespace bight
