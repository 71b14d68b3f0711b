// SPDX-License-Identifier: MIT
#include "base/text.hpp"

#include <fmt/format.h>

namespace bight {

std::string duration_text(duration d) {
  struct unit {
    const char* name;
    std::uint64_t size;  // nanoseconds
  };
  constexpr unit units[] = {{"h", 3'600'000'000'000},
                            {"min", 60'000'000'000},
                            {"s", 1'000'000'000},
                            {"ms", 1'000'000},
                            {"us", 1000}};
  constexpr std::uint64_t shown_max = 10'000;  // longer numbers are hard to read
  if (d == duration::zero()) return "0 s";
  const auto count = static_cast<std::uint64_t>(d.count());
  const std::uint64_t size = d.count() < 0 ? 0 - count : count;
  const char* sign = d.count() < 0 ? "-" : "";
  const auto in_tenths = [sign](std::uint64_t tenths, const char* name) {
    return tenths % 10 == 0 ? fmt::format("{}{} {}", sign, tenths / 10, name)
                            : fmt::format("{}{}.{} {}", sign, tenths / 10, tenths % 10, name);
  };
  for (const unit& u : units)
    if (size >= u.size && size % (u.size / 10) == 0 && size / u.size < shown_max)
      return in_tenths(size / (u.size / 10), u.name);
  if (size < shown_max) return fmt::format("{}{} ns", sign, size);
  for (const unit& u : units)
    if (size >= u.size) return in_tenths((size + u.size / 20) / (u.size / 10), u.name);
  return {};  // unreachable: shown_max nanoseconds are 10 us
}

namespace {

// The length of the well-formed UTF-8 sequence at the start of `s` (RFC 3629 §4), or 0.
std::size_t utf8_length(std::string_view s) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
  const auto tail = [&](std::size_t i) { return i < s.size() && (at(i) & 0xC0) == 0x80; };
  const unsigned char c = at(0);
  if (c < 0x80) return 1;
  if (c >= 0xC2 && c <= 0xDF) return tail(1) ? 2 : 0;
  if (c >= 0xE0 && c <= 0xEF) {
    if (!tail(1) || !tail(2)) return 0;
    const bool overlong = c == 0xE0 && at(1) < 0xA0;
    const bool surrogate = c == 0xED && at(1) > 0x9F;
    return overlong || surrogate ? 0 : 3;
  }
  if (c >= 0xF0 && c <= 0xF4) {
    if (!tail(1) || !tail(2) || !tail(3)) return 0;
    const bool overlong = c == 0xF0 && at(1) < 0x90;
    const bool too_high = c == 0xF4 && at(1) > 0x8F;
    return overlong || too_high ? 0 : 4;
  }
  return 0;
}

}  // namespace

std::string printable(std::string_view bytes, std::size_t max) {
  std::string text;
  while (!bytes.empty()) {
    if (text.size() >= max) return text + "...";
    const std::size_t n = utf8_length(bytes);
    const auto c = static_cast<unsigned char>(bytes[0]);
    // C0, DEL and C1 (U+0080 to U+009F) can move a terminal's cursor or worse.
    const bool control = c < 0x20 || c == 0x7F ||
                         (n == 2 && c == 0xC2 && static_cast<unsigned char>(bytes[1]) < 0xA0);
    if (n == 0 || control) {
      text += fmt::format("\\x{:02x}", c);
      bytes.remove_prefix(1);
    } else {
      text += bytes.substr(0, n);
      bytes.remove_prefix(n);
    }
  }
  return text;
}

}  // namespace bight
