// SPDX-License-Identifier: MIT
#include <bight/lease.hpp>

#include <cstring>
#include <new>

namespace bight {

lease lease::copy_of(std::string_view bytes) {
  if (bytes.empty()) return {};
  void* memory = ::operator new(sizeof(lease_block) + bytes.size());
  auto* block = ::new (memory) lease_block;
  block->release = [](lease_block& b) noexcept { ::operator delete(&b); };
  auto* data = static_cast<std::byte*>(memory) + sizeof(lease_block);
  std::memcpy(data, bytes.data(), bytes.size());
  return {*block, data, bytes.size()};
}

lease lease::take_front(std::size_t n) noexcept {
  if (n >= size_) return std::move(*this);
  if (n == 0) return {};  // nothing needs no buffer
  lease front(*block_, data_, n);
  data_ += n;
  size_ -= n;
  return front;
}

}  // namespace bight
