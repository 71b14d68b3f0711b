// SPDX-License-Identifier: MIT
#include <bight/lease.hpp>

#include "base/names.hpp"

#include <cstring>
#include <new>

namespace bight {

lease lease::copy_of(std::string_view bytes) {
  if (bytes.empty()) return {};
  std::byte* room = nullptr;
  lease copy = to_fill(bytes.size(), room);
  std::memcpy(room, bytes.data(), bytes.size());
  return copy;
}

lease lease::copy_if_possible(std::string_view bytes) noexcept {
  try {
    return copy_of(bytes);
  } catch (const std::bad_alloc&) {
    return {};
  }
}

lease lease::to_fill(std::size_t size, std::byte*& room) {
  void* memory = ::operator new(sizeof(lease_block) + size);
  auto* block = ::new (memory) lease_block;
  block->release = [](lease_block& b) noexcept { ::operator delete(&b); };
  room = static_cast<std::byte*>(memory) + sizeof(lease_block);
  return {*block, room, size};
}

}  // namespace bight
