// SPDX-License-Identifier: MIT
#pragma once

/// Where an operation is: the values of op::engine_state, beside those of every engine.

#include "engine/socket_core.hpp"

#include <cstddef>
#include <cstdint>

namespace bight::uring {

// state_waiting: for its socket's source.
inline constexpr std::uint8_t state_in_kernel = 2;   // a request of its own
inline constexpr std::uint8_t state_polling = 3;     // that request was told to come back later
inline constexpr std::uint8_t state_cancelling = 4;  // and has been asked to end

/// A request's length has 32 bits, so of a longer operation it takes so much.
inline constexpr std::size_t request_max = std::size_t{1} << 30;

}  // namespace bight::uring
