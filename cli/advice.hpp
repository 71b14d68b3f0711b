// SPDX-License-Identifier: MIT
#pragma once

/// What to type next after an error of the library, which knows no flags.

#include <bight/error.hpp>

#include <string>

namespace tool {

/// " (see --pin, --ca and --insecure)" for a certificate that is not trusted; "" for most errors.
[[nodiscard]] std::string advice_on(const bight::error& e);

}  // namespace tool
