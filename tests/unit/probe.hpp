// SPDX-License-Identifier: MIT
#pragma once

/// Counts the objects of a test that are alive, to see when frames die.

#include <utility>

namespace bight {

struct probe {
  explicit probe(int& alive) : alive_(&alive) { ++alive; }
  probe(probe&& other) noexcept : alive_(std::exchange(other.alive_, nullptr)) {}
  probe& operator=(probe&&) = delete;
  ~probe() {
    if (alive_ != nullptr) --*alive_;
  }
  int* alive_;
};

}  // namespace bight
