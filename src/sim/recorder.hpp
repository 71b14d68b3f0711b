// SPDX-License-Identifier: MIT
#pragma once

/// The trace of a world: each event gets a number, is mixed into the hash, and goes to the sink.

#include <bight/sim_trace.hpp>

#include "base/names.hpp"

namespace bight::sim {

class recorder {
 public:
  explicit recorder(std::uint64_t seed) noexcept : hash_(seed) {}

  /// Numbers the event, mixes it into the hash, and passes it to the sink.
  void record(trace_event& e);
  /// Records a line without a packet.
  void record(duration at, happening what, std::string_view text);

  [[nodiscard]] std::uint64_t hash() const noexcept { return hash_; }
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  void tell(sink* s) noexcept { sink_ = s; }
  /// Whether recording is paused.
  void rest(bool r) noexcept { rests_ = r; }

 private:
  std::uint64_t hash_;
  std::uint64_t count_ = 0;
  sink* sink_ = nullptr;
  bool rests_ = false;
};

/// A hash of bytes, eight at a time, by the step of FxHash. Good enough to distinguish two runs.
[[nodiscard]] std::uint64_t hash_of(std::span<const std::byte> bytes) noexcept;

}  // namespace bight::sim
