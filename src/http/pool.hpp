// SPDX-License-Identifier: MIT
#pragma once

/// Connections that wait for their next request.

#include <bight/http.hpp>

#include "base/names.hpp"

#include <deque>
#include <optional>
#include <string>

namespace bight::http {

/// A connection, and what it may be used for.
struct connection {
  stream wire;
  std::string place;  ///< see place_of
  time_point since{};
  bool reused = false;
};

/// What two requests must have in common to use one connection: scheme, host, port, and the proxy
/// with its user. Whatever else is of importance to security is the client's own, and so is its
/// pool.
[[nodiscard]] std::string place_of(const url& to, const proxy& by);

/// What a client and its responses share.
struct client_state {
  explicit client_state(options o) : how(std::move(o)) {}

  /// Takes the connection to `place` that was used last; those that are too old are closed.
  [[nodiscard]] std::optional<connection> take(const std::string& place, time_point now);
  /// Keeps `c` for the next; the oldest goes when there are too many.
  void keep(connection c, time_point now);

  const options how;
  std::deque<connection> idle;  // the oldest first
  bool closed = false;          // the client has died: nothing is kept any more
};

}  // namespace bight::http
