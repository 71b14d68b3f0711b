// SPDX-License-Identifier: MIT
#pragma once

/// What run() sets for the whole process.

#include <cstddef>

namespace bight {

/// Raises the soft limit on descriptors to the hard limit: Debian's 1,024 are too few for a server.
void raise_descriptor_limit() noexcept;

/// Makes a write to a pipe without readers fail instead of killing the program. send(2) has a flag
/// for that; write(2) has none.
void ignore_broken_pipes() noexcept;

/// Sets how many threads the process may have for jobs.
void limit_job_threads(std::size_t most) noexcept;

}  // namespace bight
