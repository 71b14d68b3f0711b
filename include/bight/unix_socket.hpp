// SPDX-License-Identifier: MIT
#pragma once

/// Unix stream sockets: the same streams, addressed by a path.
///
/// `tcp::connect("unix:/run/x.sock")` does the same; these names say so where it matters.

#include <bight/tcp.hpp>

namespace bight::unix_socket {

using stream = bight::stream;
using listener = tcp::listener;

/// Connects to the unix socket at `path`; a leading '@' means the abstract namespace (unix(7)).
[[nodiscard]] task<stream> connect(std::string path);

/// Listens at `path`. A socket file that no socket is bound to any more is replaced; any other
/// file, and a symbolic link, is in use. The close removes the file that this call has made, also
/// when the program has changed its folder; not another server's, and not in a child after fork(2).
[[nodiscard]] task<listener> listen(std::string path,
                                    tcp::listen_options options = tcp::listen_options());

/// Serves `handle` at `path`; see tcp::serve.
[[nodiscard]] task<> serve(std::string path, tcp::handler handle,
                           serve_options options = serve_options());

}  // namespace bight::unix_socket
