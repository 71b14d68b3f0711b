// SPDX-License-Identifier: MIT
#pragma once

/// Reusable objects by number, in chunks that never move, and queues of them.

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

namespace bight::sim {

inline constexpr std::uint32_t nothing = static_cast<std::uint32_t>(-1);

/// T has a member `next`. The slab uses it while the object is free, and the object's owner
/// otherwise. Freeing keeps the object's value; after make(), set it again.
template <class T>
class slab {
 public:
  [[nodiscard]] T& operator[](std::uint32_t i) noexcept {
    return (*chunks_[i / chunk_size])[i % chunk_size];
  }
  [[nodiscard]] const T& operator[](std::uint32_t i) const noexcept {
    return (*chunks_[i / chunk_size])[i % chunk_size];
  }
  /// All numbers so far are below this.
  [[nodiscard]] std::uint32_t end() const noexcept { return end_; }
  [[nodiscard]] std::size_t live() const noexcept { return live_; }

  [[nodiscard]] std::uint32_t make() {
    if (free_ == nothing) {
      if (end_ == chunks_.size() * chunk_size)
        chunks_.push_back(std::make_unique<std::array<T, chunk_size>>());
      ++live_;
      return end_++;
    }
    ++live_;
    const std::uint32_t i = free_;
    free_ = (*this)[i].next;
    return i;
  }
  void free(std::uint32_t i) noexcept {
    (*this)[i].next = free_;
    free_ = i;
    --live_;
  }

 private:
  static constexpr std::uint32_t chunk_size = 256;

  std::vector<std::unique_ptr<std::array<T, chunk_size>>> chunks_;
  std::uint32_t end_ = 0;
  std::uint32_t free_ = nothing;
  std::size_t live_ = 0;
};

/// A first-in, first-out queue, linked by the member `next`.
struct fifo {
  std::uint32_t head = nothing;
  std::uint32_t tail = nothing;

  [[nodiscard]] bool empty() const noexcept { return head == nothing; }
  template <class T>
  void push(slab<T>& all, std::uint32_t i) noexcept {
    all[i].next = nothing;
    if (empty())
      head = i;
    else
      all[tail].next = i;
    tail = i;
  }
  template <class T>
  void push_front(slab<T>& all, std::uint32_t i) noexcept {
    all[i].next = head;
    head = i;
    if (tail == nothing) tail = i;
  }
  template <class T>
  std::uint32_t pop(slab<T>& all) noexcept {
    const std::uint32_t i = head;
    head = all[i].next;
    if (head == nothing) tail = nothing;
    return i;
  }
};

}  // namespace bight::sim
