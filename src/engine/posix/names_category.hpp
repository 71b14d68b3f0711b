// SPDX-License-Identifier: MIT
#pragma once

/// How a look-up failed, as an error. A status is c-ares' own or, negated, an errno with which this
/// machine failed.

#include "engine/posix/name_search.hpp"

#include <system_error>

namespace bight::posix {

/// The status as an error code. A shortage is a code of the system's category, like that of any
/// other call; all else is of the category of names, which stands for Bight's conditions.
[[nodiscard]] std::error_code names_code(int status) noexcept;

/// Whether `number` is the errno of a call that found no descriptor or no memory.
[[nodiscard]] bool is_shortage(int number) noexcept;

/// What the status of one question means for the search.
[[nodiscard]] name_outcome outcome_of(int status) noexcept;

}  // namespace bight::posix
