// SPDX-License-Identifier: MIT
#pragma once

/// Unix stream sockets: the same streams, with a path as address.
///
/// `tcp::connect("unix:/run/x.sock")` does the same; these functions make the socket type explicit.

#include <bight/tcp.hpp>

namespace bight::unix_socket {

using stream = bight::stream;
using listener = tcp::listener;

/// Connects to the unix socket at `path`; a leading '@' means the abstract namespace (unix(7)).
[[nodiscard]] task<stream> connect(std::string path);

/// Listens at `path`. A stale socket file, to which no socket is bound, is replaced. Any other file
/// or a symbolic link fails with address_in_use. The close removes the file that this call created,
/// even if the program has changed its working directory. It does not remove the file of another
/// server, and does nothing in a child after fork(2).
[[nodiscard]] task<listener> listen(std::string path,
                                    tcp::listen_options options = tcp::listen_options());

/// Serves `path` with `handle`; see tcp::serve, which also serves a listener.
[[nodiscard]] task<> serve(std::string path, tcp::handler handle,
                           serve_options options = serve_options());

}  // namespace bight::unix_socket
