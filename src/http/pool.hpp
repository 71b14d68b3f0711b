// SPDX-License-Identifier: MIT
#pragma once

/// The pool of idle connections of a client.

#include <bight/http.hpp>

#include "base/names.hpp"

#include <deque>
#include <optional>
#include <string>

namespace bight::http {

/// A connection and the requests that it can be used for.
struct connection {
  stream wire;
  std::string key;     ///< see pool_key
  time_point since{};  ///< when it became idle
  bool reused = false;
};

/// Returns the key of a connection in the pool. Requests with the same key can share a connection:
/// they have the same scheme, host, port, proxy, and user at the proxy. All other options that
/// matter for security belong to the client, and each client has its own pool.
[[nodiscard]] std::string pool_key(const url& to, const proxy& via);

/// The state that a client and its responses share.
struct client_state {
  explicit client_state(options o) : how(std::move(o)) {}

  /// Takes the most recently used connection with that key. Closes connections that have been idle
  /// for too long.
  [[nodiscard]] std::optional<connection> take(const std::string& key, time_point now);
  /// Adds an idle connection. If there are too many, closes the oldest.
  void keep(connection c, time_point now);

  const options how;
  std::deque<connection> idle;  // the oldest first
  bool closed = false;          // the client was destroyed: keeps no more connections
};

}  // namespace bight::http
