// SPDX-License-Identifier: MIT
#pragma once

/// The engine over Linux's io_uring. Needs what Linux 6.1 has: multishot accept and receive, and
/// rings of provided buffers. Uses more where there is more.

#include "base/names.hpp"

#include <memory>
#include <string>

namespace bight {

namespace machinery {
class engine;
}

namespace uring {

/// The engine, after a request has really gone through it: where io_uring is refused, some systems
/// refuse only that. Null when it cannot be used here; `why_not` then says why and what to do.
///
/// threads  the one that calls this is the only one that may use the engine.
[[nodiscard]] std::unique_ptr<engine> make_uring(std::string& why_not);

}  // namespace uring

}  // namespace bight
