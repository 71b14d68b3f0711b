// SPDX-License-Identifier: MIT
#pragma once

/// A look into a std::exception_ptr without throwing what it holds: a throw costs a microsecond.

#include <bight/error.hpp>

#include "base/names.hpp"

#include <exception>

namespace bight {

/// The error in there, which lives as long as `e`; null when it is none, or something else.
[[nodiscard]] const error* error_in(const std::exception_ptr& e) noexcept;

}  // namespace bight
