// SPDX-License-Identifier: MIT
#pragma once

/// `bight serve files DIR`: an HTTP server for GET and HEAD, with ranges.

#include "console.hpp"
#include "folder.hpp"
#include "listing.hpp"
#include "media_types.hpp"

#include <bight/stream.hpp>
#include <bight/task.hpp>

namespace tool {

/// Answers the requests of one client until it closes or the server drains. All arguments are
/// borrowed. Returns whether the client may still be sending.
///
/// errors  those of the stream.
[[nodiscard]] bight::task<bool> serve_files(bight::stream& peer, const folder& shared,
                                            listings& pages, const media_types& types,
                                            const console& log);

}  // namespace tool
