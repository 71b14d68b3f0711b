// SPDX-License-Identifier: MIT
#pragma once

/// The errors of lookups. A status is a status of c-ares, or the negative errno of a failure on
/// this machine.

#include "engine/posix/name_search.hpp"

#include <system_error>

namespace bight::posix {

/// The status as an error code. Shortages have the system's category, as after any other call. All
/// others have the category of names, which maps to Bight's conditions.
[[nodiscard]] std::error_code names_code(int status) noexcept;

/// Whether the errno `number` means that there was no descriptor or no memory.
[[nodiscard]] bool is_shortage(int number) noexcept;

/// What the status of one query means for the search.
[[nodiscard]] name_outcome outcome_of(int status) noexcept;

}  // namespace bight::posix
