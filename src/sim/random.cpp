// SPDX-License-Identifier: MIT
#include <bight/sim_faults.hpp>

#include <bit>

namespace bight::sim {

namespace {

// SplitMix64 (Steele, Lea and Flood 2014) turns any seed, even 0, into a good state.
std::uint64_t split(std::uint64_t& state) noexcept {
  std::uint64_t z = state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

}  // namespace

random_stream::random_stream(std::uint64_t seed, std::string_view purpose) noexcept {
  std::uint64_t name = 0xcbf29ce484222325u;  // FNV-1a
  for (const char c : purpose) name = (name ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  std::uint64_t state = split(seed) ^ name;
  for (std::uint64_t& word : state_) word = split(state);
}

// Draws an octave, then a value in it. A logarithm could be rounded differently on other machines.
std::uint64_t random_stream::log_uniform(std::uint64_t least, std::uint64_t most) noexcept {
  if (least >= most) return least;
  const auto octaves = static_cast<std::uint64_t>(std::bit_width(most / least));
  const std::uint64_t low = least << below(octaves);
  const std::uint64_t high = low > most / 2 ? most : 2 * low - 1;
  return low + below(high - low + 1);
}

}  // namespace bight::sim
