// SPDX-License-Identifier: MIT
#include "engine/surroundings.hpp"

#include <utility>

namespace bight {

namespace {
constinit thread_local surroundings* around = nullptr;
}

surroundings* surroundings::simulated() noexcept { return around; }

surroundings::turn::turn(surroundings* here) noexcept : before_(std::exchange(around, here)) {}

surroundings::turn::~turn() { around = before_; }

}  // namespace bight
