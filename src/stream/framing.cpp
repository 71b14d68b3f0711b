// SPDX-License-Identifier: MIT
#include <bight/reader.hpp>

#include "base/check.hpp"
#include "base/names.hpp"
#include "base/text.hpp"

#include <array>

#include <fmt/format.h>

namespace bight {

namespace {

constexpr std::size_t quoted_max = 40;  // bytes of a delimiter shown in a message

void check_prefix(std::size_t prefix) noexcept {
  check(prefix == 1 || prefix == 2 || prefix == 4 || prefix == 8,
        "a length prefix has 1, 2, 4 or 8 bytes");
}

// Quotes as a C++ string literal does: "\r\n".
std::string in_quotes(std::string_view bytes) {
  const bool longer = bytes.size() > quoted_max;
  bytes = bytes.substr(0, quoted_max);
  std::string text = "\"";
  while (!bytes.empty()) {
    constexpr std::string_view special = "\r\n\t\"\\";
    constexpr std::string_view letters = "rnt\"\\";
    const std::size_t which = special.find(bytes[0]);
    if (which != std::string_view::npos) {
      text += '\\';
      text += letters[which];
      bytes.remove_prefix(1);
      continue;
    }
    const std::size_t plain = std::min(bytes.find_first_of(special), bytes.size());
    text += printable(bytes.substr(0, plain), 4 * quoted_max);
    bytes.remove_prefix(plain);
  }
  return text + (longer ? "...\"" : "\"");
}

}  // namespace

framing framing::some(std::size_t max) {
  check(max > 0, "recv of at most 0 bytes");
  framing f;
  f.what = kind::some;
  f.max = max;
  return f;
}

framing framing::exactly(std::size_t n) {
  framing f;
  f.what = kind::exactly;
  f.max = n;
  return f;
}

framing framing::until(std::string delimiter, std::size_t max) {
  check(!delimiter.empty(), "read_until with an empty delimiter");
  framing f;
  f.what = kind::until;
  f.max = max;
  f.delimiter = std::move(delimiter);
  return f;
}

framing framing::line(std::size_t max, last_line last) {
  framing f;
  f.what = kind::line;
  f.last = last;
  f.max = max;
  return f;
}

framing framing::prefixed(std::size_t max, std::size_t prefix) {
  check_prefix(prefix);
  framing f;
  f.what = kind::prefixed;
  f.prefix = static_cast<std::uint8_t>(prefix);
  f.max = max;
  return f;
}

std::string framing::tried() const {
  switch (what) {
    case kind::exactly: return fmt::format("read_exactly {}", max);
    case kind::until: return "read_until " + in_quotes(delimiter);
    case kind::line: return "read_line";
    case kind::prefixed: return "read_message";
    default: return "recv";
  }
}

task<result<>> machinery::let_others_run() {
  co_await sleep(0ns);
  co_return result<>();
}

std::string length_prefix(std::uint64_t n, std::size_t prefix) {
  check_prefix(prefix);
  if (prefix < 8 && n >> (8 * prefix) != 0)
    throw error(errc::too_long, "length_prefix", 0,
                fmt::format("{} does not fit into {} byte{}", n, prefix, prefix == 1 ? "" : "s"));
  std::array<char, 8> bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<char>(n >> (8 * (bytes.size() - 1 - i)) & 0xFF);
  return std::string(bytes.end() - prefix, bytes.end());
}

}  // namespace bight
