// SPDX-License-Identifier: MIT
#include "text.hpp"

#include "exit_codes.hpp"

#include <fmt/core.h>

namespace tool {

namespace {

// Bytes of the well-formed UTF-8 character at the front, 0 when there is none (RFC 3629 §4).
std::size_t utf8_length(std::string_view s) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
  const unsigned char lead = at(0);
  if (lead < 0x80) return 1;
  const std::size_t n = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || s.size() < n) return 0;
  for (std::size_t i = 1; i < n; ++i)
    if ((at(i) & 0xC0) != 0x80) return 0;
  if ((lead == 0xE0 && at(1) < 0xA0) || (lead == 0xED && at(1) > 0x9F) ||
      (lead == 0xF0 && at(1) < 0x90) || (lead == 0xF4 && at(1) > 0x8F))
    return 0;
  return n;
}

void append_escaped(std::string& to, char byte) {
  to += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) == 0x7F;
}

// U+0080 to U+009F: some terminals obey them as they obey ESC.
bool is_c1(std::string_view s) {
  return s.size() >= 2 && s[0] == '\xC2' && static_cast<unsigned char>(s[1]) < 0xA0;
}

int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string shown(std::string_view bytes, std::size_t max) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size();) {
    if (i >= max) {
      text += "…";
      break;
    }
    const std::string_view rest = bytes.substr(i);
    const std::size_t n = utf8_length(rest);
    if (n == 0 || is_control(rest[0]) || is_c1(rest)) {
      append_escaped(text, rest[0]);
      ++i;
    } else {
      text += rest.substr(0, n);
      i += n;
    }
  }
  return text;
}

std::string for_terminal(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    const bool layout = c == '\n' || c == '\r' || c == '\t';
    if (is_c1(bytes.substr(i))) {
      append_escaped(text, c);
      append_escaped(text, bytes[++i]);
    } else if (is_control(c) && !layout) {
      append_escaped(text, c);
    } else {
      text += c;
    }
  }
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
    const int high = digit_value(c);
    const int low = i + 1 < digits.size() ? digit_value(digits[i + 1]) : -1;
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
