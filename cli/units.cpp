// SPDX-License-Identifier: MIT
#include "units.hpp"

#include "exit_codes.hpp"
#include "text.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

namespace tool {

namespace {

struct unit {
  std::string_view name;
  double value;
};

constexpr unit time_units[] = {{"ns", 1},     {"us", 1e3},    {"ms", 1e6},
                               {"s", 1e9},    {"m", 60e9},    {"min", 60e9},
                               {"h", 3600e9}, {"d", 86400e9}, {"", 1e9}};
constexpr double k = 1024;
constexpr unit size_units[] = {
    {"", 1},          {"b", 1},          {"k", k},      {"kb", 1e3},        {"kib", k},
    {"m", k* k},      {"mb", 1e6},       {"mib", k* k}, {"g", k* k* k},     {"gb", 1e9},
    {"gib", k* k* k}, {"t", k* k* k* k}, {"tb", 1e12},  {"tib", k* k* k* k}};

/// A longer time is probably a typing error.
constexpr double duration_ns_max = 366 * 86400e9;
/// 2^53: the largest integer that a double represents exactly, larger than any disk.
constexpr double size_max = 9007199254740992.0;

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Digits, at most one point between digits, then a unit. "-1", "1e9", "0x10", "inf" and "nan" are
// refused.
struct quantity {
  double number;
  std::string_view unit;
};
std::optional<quantity> split_quantity(std::string_view text) {
  std::size_t end = 0;
  std::size_t points = 0;
  while (end < text.size() && (is_digit(text[end]) || text[end] == '.'))
    points += text[end++] == '.' ? 1 : 0;
  if (end == 0 || points > 1 || text.front() == '.' || text[end - 1] == '.') return std::nullopt;
  quantity q{0, text.substr(end)};
  // from_chars reports a number of a thousand digits as out of range; treat it as infinite.
  if (std::from_chars(text.data(), text.data() + end, q.number).ec != std::errc())
    q.number = std::numeric_limits<double>::infinity();
  return q;
}

const unit* find_unit(std::string_view name, const unit* first, const unit* last) {
  const unit* found = std::find_if(first, last, [name](const unit& u) { return u.name == name; });
  return found == last ? nullptr : found;
}

[[noreturn]] void refuse(std::string_view flag, std::string_view text, std::string_view reason) {
  throw usage_error(fmt::format("{} \"{}\": {}", flag, shown(text), reason));
}

}  // namespace

bight::duration parse_duration(std::string_view flag, std::string_view text) {
  constexpr std::string_view hint = "write a time as 500ms, 2s, 1.5m or 1h";
  if (text.starts_with('-')) refuse(flag, text, fmt::format("a time cannot be negative; {}", hint));
  const auto q = split_quantity(text);
  if (!q) refuse(flag, text, fmt::format("not a time; {}", hint));
  const unit* u = find_unit(q->unit, std::begin(time_units), std::end(time_units));
  if (u == nullptr)
    refuse(flag, text, fmt::format("\"{}\" is not a unit of time; {}", shown(q->unit), hint));
  const double ns = q->number * u->value;
  if (!(ns <= duration_ns_max)) refuse(flag, text, "longer than a year");
  return bight::duration(static_cast<std::int64_t>(ns));
}

std::uint64_t parse_size(std::string_view flag, std::string_view text) {
  constexpr std::string_view hint = "write a size as 512, 64k, 10MB or 1GiB";
  if (text.starts_with('-')) refuse(flag, text, fmt::format("a size cannot be negative; {}", hint));
  const auto q = split_quantity(text);
  if (!q) refuse(flag, text, fmt::format("not a size; {}", hint));
  const unit* u = find_unit(lower(q->unit), std::begin(size_units), std::end(size_units));
  if (u == nullptr)
    refuse(flag, text, fmt::format("\"{}\" is not a unit of size; {}", shown(q->unit), hint));
  const double bytes = q->number * u->value;
  if (!(bytes <= size_max)) refuse(flag, text, "too large");
  return static_cast<std::uint64_t>(bytes);
}

std::uint64_t parse_count(std::string_view flag, std::string_view text, std::uint64_t min,
                          std::uint64_t max) {
  std::uint64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || failed != std::errc() || end != text.data() + text.size() || value < min ||
      value > max)
    refuse(flag, text, fmt::format("not a number from {} to {}", min, max));
  return value;
}

std::string shown_duration(bight::duration d) {
  const double ns = static_cast<double>(d.count());
  if (ns < 1e9) return fmt::format("{:.0f} ms", ns / 1e6);
  if (ns < 120e9) return fmt::format("{:.3g} s", ns / 1e9);
  if (ns < 7200e9) return fmt::format("{:.3g} min", ns / 60e9);
  return fmt::format("{:.3g} h", ns / 3600e9);
}

std::string shown_size(std::uint64_t bytes) {
  if (bytes == 1) return "1 byte";
  if (bytes < 1000) return fmt::format("{} bytes", bytes);
  double value = static_cast<double>(bytes) / 1e3;
  constexpr const char* names[] = {"kB", "MB", "GB", "TB", "PB"};
  std::size_t i = 0;
  for (; value >= 999.95 && i + 1 < std::size(names); ++i) value /= 1e3;
  return fmt::format("{:.1f} {}", value, names[i]);
}

}  // namespace tool
