// SPDX-License-Identifier: MIT
#pragma once

/// When two engines count as having shown a program the same.

#include "parity/play.hpp"

#include <string>

namespace parity {

/// The record with everything left out that engines may differ in; two are equivalent when these
/// texts are equal.
[[nodiscard]] std::string normal(const script& s, const record& r);

/// `r`, played from in_order(s, o), as if it were of the race `s` itself.
[[nodiscard]] record as_race(const script& s, record r, order o);

}  // namespace parity
