// SPDX-License-Identifier: MIT
#pragma once

/// Opens listening and datagram sockets through the engine.

#include <bight/tcp.hpp>

#include "base/names.hpp"
#include "engine/engine.hpp"

#include <string_view>
#include <utility>
#include <vector>

namespace bight {

/// Owns a new socket until give(). Closes it otherwise, also when memory runs out.
class unowned {
 public:
  unowned(engine& e, handle h) noexcept : engine_(e), handle_(h) {}
  unowned(const unowned&) = delete;
  unowned& operator=(const unowned&) = delete;
  ~unowned() {
    if (handle_) engine_.close(handle_);
  }
  handle give() noexcept { return std::exchange(handle_, {}); }

 private:
  engine& engine_;
  handle handle_;
};

/// The error for `code` of a call on `at`, with its cause. `tried` ends with a space: "listen on ".
[[nodiscard]] error failure_of(const engine& e, verb what, std::error_code code,
                               std::string_view tried, const address& at);

/// Opens a socket that listens on `at`, which must not be a name.
[[nodiscard]] result<handle> open_listener(engine& e, const address& at,
                                           tcp::listen_options options);

/// Opens a datagram socket bound to `at`, which must not be a name.
[[nodiscard]] result<handle> open_datagram(engine& e, const address& at, bool reuse_port);

/// Resolves `at` for binding: the addresses of a name, the wildcard of a family, or `at` itself.
[[nodiscard]] task<std::vector<address>> addresses_to_bind(address at,
                                                           std::optional<address_family> family);

/// Opens a server's socket at an address (not a name) and returns the bound address with its port.
using opener = callback<result<address>(const address&)>;

/// Opens a socket for each address of `at`. Port 0 is assigned once and reused for the other
/// addresses where possible. Addresses of a name that this machine does not have are skipped if
/// another one can be bound: "localhost" includes ::1 even on a system without IPv6.
[[nodiscard]] task<std::vector<address>> bind_each(std::vector<address> at, opener open);

}  // namespace bight
