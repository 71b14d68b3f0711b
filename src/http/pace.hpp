// SPDX-License-Identifier: MIT
#pragma once

/// The rate of a body, measured while the program waits for it.

#include <bight/time.hpp>

#include "base/names.hpp"

#include <algorithm>
#include <cstdint>

namespace bight::http {

/// Counts the time waited and the bytes received in windows of fixed length. Time in which nobody
/// waits does not count, so a slow program is no slow client.
class pace {
 public:
  /// rate_min  in bytes per second; 0: no minimum.
  pace(std::uint64_t rate_min, duration window) noexcept : rate_min_(rate_min), window_(window) {}

  /// How long the next wait may be.
  [[nodiscard]] duration patience() const noexcept {
    // Bytes that are already there are still received.
    return rate_min_ > 0 ? std::max<duration>(window_ - time_, 1ms) : duration::max();
  }
  void waited(duration time) noexcept { time_ += time; }
  void received(std::size_t bytes) noexcept { bytes_ += bytes; }
  /// Whether a window is over in which too few bytes came. Begins the next window.
  [[nodiscard]] bool too_slow() noexcept {
    if (rate_min_ == 0 || time_ < window_) return false;
    const double seconds = static_cast<double>(time_.count()) / 1e9;
    const bool slow = static_cast<double>(bytes_) < static_cast<double>(rate_min_) * seconds;
    time_ = {};
    bytes_ = 0;
    return slow;
  }

 private:
  std::uint64_t rate_min_;
  duration window_;
  duration time_{};
  std::uint64_t bytes_ = 0;
};

}  // namespace bight::http
