// SPDX-License-Identifier: MIT
#pragma once

/// A server that is reached over TCP or over TLS, for scenarios that are played on both.

#include "scenario/scenario.hpp"

#include <string>

namespace scenario {

struct service {
  std::string at;       ///< "server:9999"
  bool secure = false;  ///< with a certificate made on the spot, which clients know by its pin
  std::string pin = {};

  /// Serves at the port of `at` until it is told to end. Borrows the service.
  [[nodiscard]] task<> serve(tcp::handler handle, serve_options options = quiet());
  [[nodiscard]] task<tcp::stream> connect() const;
};

}  // namespace scenario
