// SPDX-License-Identifier: MIT
#pragma once

/// The table of open sockets: descriptor number to what is known about it.

#include "engine/engine.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace bight::posix {

enum class socket_kind : std::uint8_t { stream, datagram, listener, adopted };

/// What every real engine knows about a descriptor; each adds its own part. The index of the handle
/// is the descriptor's number.
struct slot {
  time_point last_used{};
  int fd = -1;
  std::uint32_t generation = 0;  // odd while it is in use, so no handle means it when it is not
  socket_kind kind = socket_kind::stream;
  std::uint8_t family = 0;        // AF_INET, AF_INET6, AF_UNIX
  bool has_file : 1 = false;      // a unix socket whose file is ours to remove
  bool joins : 1 = false;         // datagrams may arrive joined (GRO)
  bool tells_target : 1 = false;  // each datagram comes with the address that it was sent to
  bool end_sent : 1 = false;      // by shutdown_send()
  bool end_taken : 1 = false;    // a receive was given the end or a failure: nothing comes after it
  bool send_waited : 1 = false;  // for room, at least once
  attention attended : 2 = attention::none;

  [[nodiscard]] bool in_use() const noexcept { return generation % 2 != 0; }
  /// The descriptor `number` is one of ours from here on.
  handle enter(int number, socket_kind k, int of_family) noexcept;
  /// From here on every handle to it is stale.
  void leave() noexcept;
};

/// An engine's slots by their number. They never move: an operation may point at one while the
/// table grows.
template <class T>
class slot_table {
 public:
  [[nodiscard]] T* find(handle h) const noexcept {
    T* s = find(h.index);
    return s != nullptr && s->generation == h.generation ? s : nullptr;
  }
  /// Whether or not it is in use.
  [[nodiscard]] T* find(std::uint32_t i) const noexcept {
    if (i >= size_) return nullptr;
    const auto& chunk = chunks_[i / chunk_size];
    return chunk != nullptr ? &(*chunk)[i % chunk_size] : nullptr;
  }
  /// From here on find() finds nothing, and find_hidden() what was there.
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
  /// Calls `f` with the handle of every slot in use.
  template <class F>
  void for_each(F f) const {
    for (std::size_t c = 0; c < chunks_.size(); ++c)
      for (std::uint32_t i = 0; chunks_[c] != nullptr && i < chunk_size; ++i)
        if (const T& s = (*chunks_[c])[i]; s.in_use())
          f(handle{static_cast<std::uint32_t>(s.fd), s.generation});
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
  std::uint32_t size_ = 0;  // for so many there is a chunk, or none yet
  std::uint32_t hidden_ = 0;
};

}  // namespace bight::posix
