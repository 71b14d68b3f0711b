// SPDX-License-Identifier: MIT
#pragma once

/// print(), like Python's: writes a line to standard output and flushes it.

#include <bight/address.hpp>
#include <bight/lease.hpp>
#include <bight/udp.hpp>

#include <fmt/core.h>

namespace bight::machinery {

/// Formats a text type with "{}". It copies in a loop because fmt's copy needs <fmt/format.h>,
/// which would double the compile time of a small program.
struct text_formatter {
  constexpr auto parse(fmt::format_parse_context& c) { return c.begin(); }
  template <class Context>
  static auto copy(std::string_view text, Context& c) {
    auto out = c.out();
    for (const char ch : text) *out++ = ch;
    return out;
  }
};

}  // namespace bight::machinery

template <>
struct fmt::formatter<bight::address> : bight::machinery::text_formatter {
  template <class Context>
  auto format(const bight::address& a, Context& c) const {
    return copy(a.str(), c);
  }
};

template <>
struct fmt::formatter<bight::lease> : bight::machinery::text_formatter {
  template <class Context>
  auto format(const bight::lease& l, Context& c) const {
    return copy(l, c);
  }
};

template <>
struct fmt::formatter<bight::udp::datagram> : bight::machinery::text_formatter {
  template <class Context>
  auto format(const bight::udp::datagram& d, Context& c) const {
    return copy(d.data, c);
  }
};

namespace bight {

namespace machinery {
/// Writes the formatted line and a newline in one piece, so lines of different threads are not
/// mixed. Waits for a slow reader, except while a server runs (tcp::serve, tls::serve, udp::serve),
/// because sessions must not wait for a log. In that case lines may be dropped and counted (see
/// line_sink).
void print_line(fmt::string_view format, fmt::format_args args);
}  // namespace machinery

/// Prints a line in fmt's format syntax, checked at compile time:
/// `print("Received from {}.", peer)`. The bytes of a lease are written unchanged, UTF-8 or not.
template <class... A>
void print(fmt::format_string<A...> format, A&&... args) {
  machinery::print_line(format, fmt::make_format_args(args...));
}

/// Prints the bytes unchanged, as a line.
inline void print(const lease& bytes) { print("{}", bytes); }
inline void print(const udp::datagram& d) { print("{}", d.data); }

}  // namespace bight
