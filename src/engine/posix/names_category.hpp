// SPDX-License-Identifier: MIT
#pragma once

/// The status codes of c-ares as errors.

#include "engine/posix/name_search.hpp"

#include <system_error>

namespace bight::posix {

/// The status as an error code of c-ares' own category, which stands for Bight's conditions.
[[nodiscard]] std::error_code names_code(int status) noexcept;

/// What the status of one question means for the search.
[[nodiscard]] name_outcome outcome_of(int status) noexcept;

}  // namespace bight::posix
