// SPDX-License-Identifier: MIT
#include "sim/recorder.hpp"

#include <bit>
#include <cstring>

namespace bight::sim {

namespace {

constexpr std::uint64_t mixed(std::uint64_t hash, std::uint64_t word) noexcept {
  return (std::rotl(hash, 5) ^ word) * 0x517cc1b727220a95u;
}

}  // namespace

std::uint64_t hash_of(std::span<const std::byte> bytes) noexcept {
  std::uint64_t hash = bytes.size();
  while (bytes.size() >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), 8);
    hash = mixed(hash, word);
    bytes = bytes.subspan(8);
  }
  std::uint64_t rest = 0;
  if (!bytes.empty()) std::memcpy(&rest, bytes.data(), bytes.size());
  return mixed(hash, rest);
}

void recorder::record(trace_event& e) {
  if (rests_) return;
  e.number = ++count_;
  std::uint64_t word = 0;
  std::memcpy(&word, e.to.ip.data() + (e.to.family == 4 ? 0 : 8), e.to.family == 4 ? 4 : 8);
  hash_ = mixed(hash_, static_cast<std::uint64_t>(e.at.count()));
  hash_ = mixed(hash_, word);
  hash_ = mixed(hash_, static_cast<std::uint64_t>(e.what) << 32 |
                           static_cast<std::uint64_t>(e.from.port) << 16 | e.to.port);
  hash_ = mixed(hash_, e.sequence << 24 ^ e.length);
  if (!e.bytes.empty()) hash_ = mixed(hash_, hash_of(e.bytes));
  if (!e.text.empty()) hash_ = mixed(hash_, hash_of(std::as_bytes(std::span(e.text))));
  e.hash = hash_;
  if (sink_ != nullptr) sink_->on_event(e);
}

void recorder::record(duration at, happening what, std::string_view text) {
  trace_event e;
  e.at = at;
  e.what = what;
  e.text = text;
  record(e);
}

}  // namespace bight::sim
