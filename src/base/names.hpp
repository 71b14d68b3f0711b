// SPDX-License-Identifier: MIT
#pragma once

/// Lets the library's sources use names from `machinery` unqualified. Programs do not include this
/// header, so `using namespace bight` gives them only the public names.

namespace bight {
namespace machinery {}
using namespace machinery;
}  // namespace bight
