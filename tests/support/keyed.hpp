// SPDX-License-Identifier: MIT
#pragma once

/// Bytes that know their place: which stream they belong to, and where in it.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace keyed {

/// The period of a stream is a prime, so that an error by a round number of bytes cannot hide.
inline constexpr std::size_t period = 65521;

/// The bytes of stream `key` from `position` on: as many as wanted, `period` at most.
[[nodiscard]] std::string_view at(std::uint64_t key, std::uint64_t position, std::size_t wanted);

/// Whether `bytes` are what stream `key` has at `position`: loss, repetition, exchange and bytes
/// of another stream show.
[[nodiscard]] bool matches(std::uint64_t key, std::uint64_t position, std::string_view bytes);

}  // namespace keyed
