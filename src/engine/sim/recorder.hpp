// SPDX-License-Identifier: MIT
#pragma once

/// The trace of a world: each event is numbered, mixed into the hash, and told to the sink.

#include <bight/sim_trace.hpp>

#include "base/names.hpp"

namespace bight::sim {

class recorder {
 public:
  explicit recorder(std::uint64_t seed) noexcept : hash_(seed) {}

  /// Takes the event, numbers it and adds the hash.
  void record(trace_event& e);
  /// A line without a packet.
  void record(duration at, happening what, std::string_view text);

  [[nodiscard]] std::uint64_t hash() const noexcept { return hash_; }
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  void tell(sink* s) noexcept { sink_ = s; }
  /// Whether nothing is taken, for now.
  void rest(bool r) noexcept { rests_ = r; }

 private:
  std::uint64_t hash_;
  std::uint64_t count_ = 0;
  sink* sink_ = nullptr;
  bool rests_ = false;
};

/// A hash of bytes, eight at a time: FxHash's step, which is enough to tell two runs apart.
[[nodiscard]] std::uint64_t hash_of(std::span<const std::byte> bytes) noexcept;

}  // namespace bight::sim
