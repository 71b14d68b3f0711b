// SPDX-License-Identifier: MIT
#include "engine/surroundings.hpp"

#include <ctime>

namespace bight {

std::int64_t date_now() noexcept {
  const surroundings* const world = surroundings::simulated();
  return world != nullptr ? world->date() : std::time(nullptr);
}

}  // namespace bight
