// SPDX-License-Identifier: MIT
#include "base/buffers.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <vector>

namespace bight {

namespace {
constexpr std::size_t room_min = 4096;        // a block with less room left is retired
constexpr std::size_t alignment = 64;         // a cache line
constexpr std::size_t blocks_spare_max = 16;  // kept for reuse
}  // namespace

struct buffer_pool::block : lease_block {
  shared* home;
  std::size_t used = 0;
  alignas(64) std::byte bytes[block_size];
};

// State shared by the pool and the blocks that leases hold. The last of them deletes it.
struct buffer_pool::shared {
  bool pool_alive = true;
  std::size_t held = 0;  // blocks neither current nor spare
  block* current = nullptr;
  std::size_t room_at = 0;  // offset in `current`; `used` may return to 0 before the room is filled
  std::vector<std::unique_ptr<block>> spare;

  static void released(lease_block& b) noexcept {
    auto& self = static_cast<block&>(b);
    shared& home = *self.home;
    self.used = 0;
    if (&self == home.current) return;  // no lease is left: restart at the front
    --home.held;
    std::unique_ptr<block> back(&self);
    if (home.pool_alive && home.spare.size() < blocks_spare_max)
      home.spare.push_back(std::move(back));  // the constructor reserved the space
    else if (!home.pool_alive && home.held == 0)
      delete &home;
  }

  [[gnu::cold]] void renew() {
    std::unique_ptr<block> next;
    if (spare.empty()) {
      next.reset(new block);
      next->home = this;
      next->release = &released;
    } else {
      next = std::move(spare.back());
      spare.pop_back();
    }
    if (current != nullptr && current->refs > 0)
      ++held;
    else
      delete current;
    current = next.release();
  }
};

buffer_pool::buffer_pool() : shared_(new shared) { shared_->spare.reserve(blocks_spare_max); }

buffer_pool::~buffer_pool() {
  shared& s = *shared_;
  s.pool_alive = false;
  s.spare.clear();
  block* current = std::exchange(s.current, nullptr);
  if (current != nullptr && current->refs > 0)
    ++s.held;
  else
    delete current;
  if (s.held == 0) delete shared_;
}

std::span<std::byte> buffer_pool::room(std::size_t max, std::size_t min) {
  shared& s = *shared_;
  if (s.current == nullptr || block_size - s.current->used < min) s.renew();
  block& b = *s.current;
  s.room_at = b.used;
  return {b.bytes + b.used, std::min(max, block_size - b.used)};
}

std::span<std::byte> buffer_pool::room(std::size_t max) { return room(max, room_min); }

lease buffer_pool::fill(std::size_t n) noexcept {
  if (n == 0) return {};
  block& b = *shared_->current;
  const std::size_t end = shared_->room_at + n;
  const std::byte* data = b.bytes + shared_->room_at;
  if (shared_->held >= blocks_held_max && n <= copy_max) [[unlikely]] {
    lease copy = lease::copy_if_possible({reinterpret_cast<const char*>(data), n});
    if (copy) return copy;
  }
  // Aligned so that, after small messages, the room does not start a few bytes further into its
  // page than the source of the next copy. At an offset of 1 to 31 bytes, rep movsb takes twenty
  // times as long (AMD Zen 3).
  b.used = (end + alignment - 1) / alignment * alignment;
  static_assert(block_size % alignment == 0);
  return {b, data, n};
}

lease buffer_pool::copy_if_possible(std::span<const std::byte> bytes) noexcept {
  try {
    return copy(bytes);
  } catch (const std::bad_alloc&) {
    return {};
  }
}

lease buffer_pool::copy(std::span<const std::byte> bytes) {
  if (bytes.empty()) return {};
  std::memcpy(room(bytes.size(), bytes.size()).data(), bytes.data(), bytes.size());
  return fill(bytes.size());
}

}  // namespace bight
