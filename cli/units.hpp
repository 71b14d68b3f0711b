// SPDX-License-Identifier: MIT
#pragma once

/// Parses and prints times and sizes.

#include <bight/time.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tool {

/// "500ms", "2s", "1.5m", "1h", "7d"; a bare number means seconds. At most a year.
///
/// flag    the name of the flag, for the message: "--delay".
/// errors  a usage failure for anything else: a sign, an exponent, "inf", "nan", an unknown unit.
[[nodiscard]] bight::duration parse_duration(std::string_view flag, std::string_view text);

/// "512", "64k", "10MB", "1GiB" bytes. k, M, G, T and KiB… are powers of 1024; kB, MB… are powers
/// of 1000, as in coreutils.
[[nodiscard]] std::uint64_t parse_size(std::string_view flag, std::string_view text);

/// A plain decimal number from `min` to `max`.
[[nodiscard]] std::uint64_t parse_count(std::string_view flag, std::string_view text,
                                        std::uint64_t min, std::uint64_t max);

/// "250 ms", "1.5 s", "3 min".
[[nodiscard]] std::string shown_duration(bight::duration d);
/// "312 bytes", "1.2 kB", "3.4 MB": powers of 1000.
[[nodiscard]] std::string shown_size(std::uint64_t bytes);

}  // namespace tool
