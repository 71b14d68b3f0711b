// SPDX-License-Identifier: MIT
#pragma once

/// Inspects a std::exception_ptr without rethrowing it: a throw costs a microsecond.

#include <bight/error.hpp>

#include "base/names.hpp"

#include <exception>

namespace bight {

/// Returns the error that `e` holds, or null if `e` is null or holds another type. Valid as long as
/// `e`.
[[nodiscard]] const error* error_in(const std::exception_ptr& e) noexcept;

}  // namespace bight
