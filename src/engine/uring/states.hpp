// SPDX-License-Identifier: MIT
#pragma once

/// Where an operation is: the values of op::engine_state, beside those of every engine.

#include "engine/socket_core.hpp"

#include <cstddef>
#include <cstdint>

namespace bight::uring {

// state_waiting: for its socket's source.
inline constexpr std::uint8_t state_in_kernel = 2;  // the kernel has its request
inline constexpr std::uint8_t state_polling = 3;  // a poll, because that request could not complete
inline constexpr std::uint8_t state_cancelling =
    4;  // in the kernel, and its cancellation was requested

/// The most bytes of one request, whose length has 32 bits. A longer operation takes several.
inline constexpr std::size_t request_max = std::size_t{1} << 30;

}  // namespace bight::uring
