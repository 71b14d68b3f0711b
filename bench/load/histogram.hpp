// SPDX-License-Identifier: MIT
#pragma once

/// Latencies in buckets that grow with the value: 64 to each power of two, so at most 1.6 % off.

#include <array>
#include <bit>
#include <cstdint>

namespace load {

class histogram {
 public:
  void add(std::uint64_t value_ns) {
    ++counts_[bucket(value_ns)];
    ++total_;
  }

  /// The value that a share of all others do not exceed; 0 when there are none.
  [[nodiscard]] double quantile_us(double share) const {
    const auto wanted = static_cast<std::uint64_t>(static_cast<double>(total_) * share);
    std::uint64_t seen = 0;
    for (unsigned i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen > wanted || (seen == total_ && seen > 0)) return middle_ns(i) / 1000;
    }
    return 0;
  }

 private:
  static constexpr unsigned step_bits = 6;
  static constexpr unsigned steps = 1U << step_bits;

  // Values below 64 have a bucket each; above, the leading bit and the six behind it choose.
  static unsigned bucket(std::uint64_t value) {
    if (value < steps) return static_cast<unsigned>(value);
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - step_bits - 1;
    return (shift << step_bits) + static_cast<unsigned>(value >> shift);
  }
  static double middle_ns(unsigned index) {
    if (index < 2 * steps) return index;
    const unsigned shift = (index >> step_bits) - 1;
    const double low = static_cast<double>(index - (shift << step_bits)) * (1ULL << shift);
    return low + static_cast<double>(1ULL << shift) / 2;
  }

  std::array<std::uint64_t, (65 - step_bits) * steps> counts_ = {};
  std::uint64_t total_ = 0;
};

}  // namespace load
