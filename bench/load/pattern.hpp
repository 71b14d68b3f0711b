// SPDX-License-Identifier: MIT
#pragma once

/// The bytes that are sent and expected: one long random text that every connection begins at its
/// own place. Both to send and to compare is then a matter of a pointer.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

namespace load {

class pattern {
 public:
  /// At most so many bytes can be taken at once from any place.
  static constexpr std::size_t run_max = 65536;

  /// Plain bytes with a prime period, so that no message length divides it.
  static pattern plain() { return pattern(random_bytes(65521), 1); }

  /// Frames: four bytes of length, most significant first, and `size` bytes.
  static pattern framed(std::size_t size) {
    const std::size_t whole = size + 4;
    const std::size_t frames = 65521 / whole + 1;
    auto text = random_bytes(frames * whole);
    for (std::size_t i = 0; i < frames; ++i)
      for (std::size_t b = 0; b < 4; ++b)
        text[i * whole + b] = static_cast<char>(size >> (8 * (3 - b)) & 0xff);
    return pattern(std::move(text), whole);
  }

  /// Where a connection begins: far from its neighbours.
  [[nodiscard]] std::size_t begin(std::size_t connection) const {
    return connection * 997 * unit_ % period_;
  }
  [[nodiscard]] const char* at(std::size_t place) const { return text_.data() + place; }
  [[nodiscard]] std::size_t after(std::size_t place, std::size_t n) const {
    place += n;
    return place < period_ ? place : place % period_;
  }
  [[nodiscard]] bool matches(std::size_t place, const char* bytes, std::size_t n) const {
    return std::memcmp(at(place), bytes, n) == 0;
  }

 private:
  pattern(std::string text, std::size_t unit) : text_(std::move(text)), unit_(unit) {
    period_ = text_.size();
    while (text_.size() < period_ + run_max) text_ += text_.substr(0, period_);
  }

  static std::string random_bytes(std::size_t n) {
    std::mt19937 chance(20);
    std::string text(n, '\0');
    for (char& c : text) c = static_cast<char>(chance());
    return text;
  }

  std::string text_;
  std::size_t unit_;
  std::size_t period_ = 0;
};

}  // namespace load
