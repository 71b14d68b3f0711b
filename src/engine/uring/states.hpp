// SPDX-License-Identifier: MIT
#pragma once

/// Where an operation is: the values of op::engine_state.

#include <cstdint>

namespace bight::uring {

inline constexpr std::uint8_t state_settled = 0;     // complete, or not this engine's
inline constexpr std::uint8_t state_waiting = 1;     // for its socket's source
inline constexpr std::uint8_t state_in_kernel = 2;   // a request of its own
inline constexpr std::uint8_t state_polling = 3;     // that request was told to come back later
inline constexpr std::uint8_t state_cancelling = 4;  // and has been asked to end

}  // namespace bight::uring
