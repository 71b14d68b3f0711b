// SPDX-License-Identifier: MIT
#pragma once

/// The table of sockets, by descriptor number.

#include "engine/posix/socket.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace bight::posix {

/// An engine's sockets. They never move: an operation may point at one while the table grows.
template <class T>
class socket_table {
 public:
  [[nodiscard]] T* find(handle h) const noexcept {
    T* s = find(h.index);
    return s != nullptr && s->generation == h.generation ? s : nullptr;
  }
  /// The same, whether or not the socket is open.
  [[nodiscard]] T* find(std::uint32_t i) const noexcept {
    if (i >= size_) return nullptr;
    const auto& chunk = chunks_[i / chunk_size];
    return chunk != nullptr ? &(*chunk)[i % chunk_size] : nullptr;
  }
  /// After this, find() finds nothing, and find_hidden() what was there.
  void hide() noexcept { hidden_ = std::exchange(size_, 0); }
  [[nodiscard]] T* find_hidden(handle h) const noexcept {
    if (h.index >= hidden_) return nullptr;
    const auto& chunk = chunks_[h.index / chunk_size];
    T* s = chunk != nullptr ? &(*chunk)[h.index % chunk_size] : nullptr;
    return s != nullptr && s->generation == h.generation ? s : nullptr;
  }
  T& at(std::uint32_t i) {
    if (T* there = find(i)) return *there;
    return grown_to(i);
  }
  /// Calls `f` with the handle of every open socket.
  template <class F>
  void for_each(F f) const {
    for (std::size_t c = 0; c < chunks_.size(); ++c)
      for (std::uint32_t i = 0; chunks_[c] != nullptr && i < chunk_size; ++i)
        if (const T& s = (*chunks_[c])[i]; s.in_use()) f(s.self());
  }
  /// Number of open sockets; none once they are hidden.
  [[nodiscard]] std::size_t count() const noexcept {
    std::size_t n = 0;
    if (size_ > 0) for_each([&n](handle) { ++n; });
    return n;
  }

 private:
  static constexpr std::uint32_t chunk_size = 256;

  [[gnu::noinline]] T& grown_to(std::uint32_t i) {
    const std::size_t chunk = i / chunk_size;
    if (chunk >= chunks_.size()) chunks_.resize(chunk + 1);
    size_ = static_cast<std::uint32_t>(chunks_.size()) * chunk_size;
    if (chunks_[chunk] == nullptr) chunks_[chunk] = std::make_unique<std::array<T, chunk_size>>();
    return (*chunks_[chunk])[i % chunk_size];
  }

  std::vector<std::unique_ptr<std::array<T, chunk_size>>> chunks_;
  std::uint32_t size_ = 0;    // numbers below it have a chunk, or none yet
  std::uint32_t hidden_ = 0;  // size_ before hide()
};

}  // namespace bight::posix
