// SPDX-License-Identifier: MIT
#pragma once

/// Hints that name flags of the tool, for errors of the library.

#include <bight/error.hpp>

#include <string>

namespace tool {

/// For example " (see --pin, --ca and --insecure)" for an untrusted certificate; "" for most
/// errors.
[[nodiscard]] std::string hint_for(const bight::error& e);

}  // namespace tool
