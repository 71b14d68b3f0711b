// SPDX-License-Identifier: MIT
#pragma once

/// The library's own sources name its machinery as they name what is public. Programs do not: for
/// them `using namespace bight` brings in the public names alone.

namespace bight {
namespace machinery {}
using namespace machinery;
}  // namespace bight
