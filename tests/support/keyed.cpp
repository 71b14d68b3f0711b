// SPDX-License-Identifier: MIT
#include "support/keyed.hpp"

#include <algorithm>
#include <string>

namespace keyed {

namespace {

std::string make_bytes() {
  // Twice the period, so that a view of up to one period may begin anywhere in the first.
  std::string bytes(2 * period, '\0');
  std::uint64_t state = 1;
  for (std::size_t i = 0; i < period; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;  // Knuth's MMIX
    bytes[i] = bytes[i + period] = static_cast<char>(state >> 56);
  }
  return bytes;
}

}  // namespace

std::string_view at(std::uint64_t key, std::uint64_t position, std::size_t wanted) {
  static const std::string bytes = make_bytes();
  // Streams with neighbouring keys begin far apart.
  const std::uint64_t start = (key % period * 40503 + position % period) % period;
  return std::string_view(bytes).substr(start, std::min(wanted, period));
}

bool matches(std::uint64_t key, std::uint64_t position, std::string_view bytes) {
  while (!bytes.empty()) {
    const std::string_view expected = at(key, position, bytes.size());
    if (bytes.substr(0, expected.size()) != expected) return false;
    bytes.remove_prefix(expected.size());
    position += expected.size();
  }
  return true;
}

}  // namespace keyed
