// SPDX-License-Identifier: MIT
#pragma once

/// `bight serve files DIR`: GET and HEAD, with ranges, so that two people can hand each other a
/// file.

#include "console.hpp"
#include "folder.hpp"

#include <bight/stream.hpp>
#include <bight/task.hpp>

namespace tool {

/// Answers the requests of one client, up to its end. Both are borrowed.
///
/// errors  those of the stream.
[[nodiscard]] bight::task<> serve_files(bight::stream& peer, const folder& shared,
                                        const console& voice);

}  // namespace tool
