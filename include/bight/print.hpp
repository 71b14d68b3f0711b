// SPDX-License-Identifier: MIT
#pragma once

/// Python's print: a line on standard output, flushed when a person or a pipe may be waiting for
/// it.

#include <bight/address.hpp>
#include <bight/lease.hpp>
#include <bight/udp.hpp>

#include <fmt/core.h>

namespace bight::machinery {

/// "{}" for what is text at heart. Its own copy loop: fmt's needs <fmt/format.h>, which would
/// double the time that a small program takes to compile.
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
/// Writes the formatted line and a newline, in one piece, so that threads do not mix. Waits for a
/// slow reader, except while the program serves (tcp::serve, tls::serve, udp::serve): nobody's
/// session may wait for a log. Then a line that does not fit is dropped and counted (line_sink).
void print_line(fmt::string_view format, fmt::format_args args);
}  // namespace machinery

/// `print("Received from {}.", peer)`: fmt's format language, checked by the compiler. Bytes of a
/// lease are written as they are, UTF-8 or not.
template <class... A>
void print(fmt::format_string<A...> format, A&&... args) {
  machinery::print_line(format, fmt::make_format_args(args...));
}

/// The bytes themselves, as a line.
inline void print(const lease& bytes) { print("{}", bytes); }
inline void print(const udp::datagram& d) { print("{}", d.data); }

}  // namespace bight
