// SPDX-License-Identifier: MIT
#pragma once

/// The engine over Linux's io_uring. Needs Linux 6.1, which has multishot accept and receive and
/// rings of provided buffers. Uses newer features where available.

#include "base/names.hpp"

#include <memory>
#include <string>

namespace bight {

namespace machinery {
class engine;
}

namespace uring {

/// Makes the engine and tries it with a request, because some systems refuse only requests. Returns
/// null if io_uring cannot be used; `why_not` then contains the reason and what to do.
///
/// threads  only the calling thread may use the engine.
[[nodiscard]] std::unique_ptr<engine> make_uring(std::string& why_not);

}  // namespace uring

}  // namespace bight
