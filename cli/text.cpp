// SPDX-License-Identifier: MIT
#include "text.hpp"

#include "exit_codes.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace tool {

namespace {

/// The bytes are an incomplete character.
constexpr std::size_t cut_off = SIZE_MAX;

// The length of the well-formed UTF-8 character at the front (RFC 3629 §4); 0 if there is none, or
// cut_off.
std::size_t utf8_length(std::string_view s) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
  const unsigned char lead = at(0);
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  const std::size_t n = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  // The second byte also decides about overlong forms, surrogates, and what lies beyond U+10FFFF.
  unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  for (std::size_t i = 1; i < n; ++i) {
    if (i == s.size()) return cut_off;
    if (at(i) < low || at(i) > high) return 0;
    low = 0x80;
    high = 0xBF;
  }
  return n;
}

void append_escaped(std::string& to, char byte) {
  to += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
}

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) == 0x7F;
}

// U+0080 to U+009F: some terminals interpret them like ESC.
bool is_c1(std::string_view s) {
  return s.size() >= 2 && s[0] == '\xC2' && is_continuation(s[1]) &&
         static_cast<unsigned char>(s[1]) < 0xA0;
}

// U+2028 and U+2029 end a line. U+202A to U+202E and U+2066 to U+2069 reorder a whole line,
// including our own text (Unicode Standard Annex #9; CVE-2021-42574).
bool reorders(std::string_view s) {
  if (s.size() < 3 || s[0] != '\xE2') return false;
  const auto last = static_cast<unsigned char>(s[2]);
  return (s[1] == '\x80' && last >= 0xA8 && last <= 0xAE) ||
         (s[1] == '\x81' && last >= 0xA6 && last <= 0xA9);
}

void append_shown(std::string& to, std::string_view bytes) {
  while (!bytes.empty()) {
    std::size_t n = utf8_length(bytes);
    const bool good = n != 0 && n != cut_off && !is_control(bytes[0]) && !is_c1(bytes);
    if (good && !reorders(bytes)) {
      to += bytes.substr(0, n);
    } else {
      n = good ? n : 1;
      for (const char c : bytes.substr(0, n)) append_escaped(to, c);
    }
    bytes.remove_prefix(n);
  }
}

}  // namespace

std::string shown(std::string_view bytes, std::size_t max) {
  std::string text;
  const bool cut = bytes.size() > max;
  if (cut) {
    // Not within a character, which has at most three more bytes.
    for (int more = 3; more > 0 && max > 0 && is_continuation(bytes[max]); --more) --max;
    bytes = bytes.substr(0, max);
  }
  append_shown(text, bytes);
  if (cut) text += "…";
  return text;
}

std::string shown_lines(std::string_view bytes) {
  std::string text;
  for (;;) {
    const std::size_t end = bytes.find('\n');
    append_shown(text, bytes.substr(0, end));
    if (end == bytes.npos) return text;
    text += '\n';
    bytes.remove_prefix(end + 1);
  }
}

std::string terminal_text::take(std::string_view bytes) {
  held_.append(bytes);
  const std::string whole = std::exchange(held_, {});
  std::string text;
  text.reserve(whole.size());
  for (std::string_view rest = whole; !rest.empty();) {
    std::size_t n = utf8_length(rest);
    if (n == cut_off) {
      held_ = rest;
      break;
    }
    const char c = rest[0];
    const bool layout = c == '\n' || c == '\r' || c == '\t';
    // In other encodings, a terminal may interpret 80 to 9F as C1 controls. The rest is Latin-1 or
    // GBK.
    const bool raw_c1 = n == 0 && static_cast<unsigned char>(c) < 0xA0;
    n = std::max<std::size_t>(n, 1);
    if ((is_control(c) && !layout) || raw_c1 || is_c1(rest))
      for (const char each : rest.substr(0, n)) append_escaped(text, each);
    else
      text += rest.substr(0, n);
    rest.remove_prefix(n);
  }
  return text;
}

std::string terminal_text::finish() {
  std::string text;
  for (const char c : std::exchange(held_, {}))
    if (static_cast<unsigned char>(c) < 0xA0)
      append_escaped(text, c);
    else
      text += c;
  return text;
}

bool looks_binary(std::string_view bytes) noexcept {
  bytes = bytes.substr(0, 1024);
  std::size_t odd = 0;
  for (const char c : bytes) {
    if (c == '\0') return true;
    odd += is_control(c) && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != '\x1b' ? 1 : 0;
  }
  return odd * 16 > bytes.size();
}

std::string lower(std::string_view s) {
  std::string text(s);
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string to_hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes)
    text += fmt::format("{}{:02x}", text.empty() ? "" : " ", static_cast<unsigned char>(c));
  return text;
}

std::string from_hex(std::string_view digits) {
  std::string bytes;
  for (std::size_t i = 0; i < digits.size();) {
    const char c = digits[i];
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      ++i;
      continue;
    }
    const int high = hex_digit(c);
    const int low = i + 1 < digits.size() ? hex_digit(digits[i + 1]) : -1;
    if (high < 0 || low < 0)
      throw usage_error(
          fmt::format("--hex \"{}\": write pairs of hexadecimal digits, for example 48 65 6c",
                      shown(digits, 60)));
    bytes += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return bytes;
}

}  // namespace tool
