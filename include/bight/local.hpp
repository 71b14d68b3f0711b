// SPDX-License-Identifier: MIT
#pragma once

/// Unix stream sockets: the same streams, addressed by a path.
///
/// `tcp::connect("unix:/run/x.sock")` does the same; these names say so where it matters.

#include <bight/tcp.hpp>

namespace bight::local {

using stream = bight::stream;
using listener = tcp::listener;

/// Connects to the unix socket at `path`; a leading '@' means the abstract namespace (unix(7)).
[[nodiscard]] task<stream> connect(std::string path);

/// Listens at `path`. A file that nobody listens on any more is replaced, and removed at the close.
[[nodiscard]] task<listener> listen(std::string path,
                                    tcp::listen_options options = tcp::listen_options());

/// Serves `handle` at `path`; see tcp::serve.
[[nodiscard]] task<> serve(std::string path, tcp::handler handle,
                           serve_options options = serve_options());

}  // namespace bight::local
