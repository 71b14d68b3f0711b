// SPDX-License-Identifier: MIT
#pragma once

/// Sockets made ready for use, by way of the waist.

#include <bight/tcp.hpp>

#include "base/names.hpp"
#include "engine/engine.hpp"

#include <string_view>
#include <utility>
#include <vector>

namespace bight {

/// A socket that nobody owns yet. It is closed unless it is given away, also when memory runs out.
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

/// The error for `code` of a call about `at`, with its cause. `tried` ends with a blank: "listen on
/// ".
[[nodiscard]] error failure_of(const engine& e, verb what, std::error_code code,
                               std::string_view tried, const address& at);

/// A socket that listens on `at`, which is no name.
[[nodiscard]] result<handle> open_listener(engine& e, const address& at,
                                           tcp::listen_options options);

/// A datagram socket bound to `at`, which is no name.
[[nodiscard]] result<handle> open_datagram(engine& e, const address& at, bool reuse_port);

/// What `at` stands for: the addresses of a name, the wildcard of a family, or itself.
[[nodiscard]] task<std::vector<address>> addresses_to_bind(address at, int family);

/// Opens a server's socket at an address that is no name, and tells the address with its port.
using opener = callback<result<address>(const address&)>;

/// Opens every address of `at`. Port 0 is drawn once, so that all of them share it where they can.
/// Of a name, addresses that this machine does not have are passed over if another one is there:
/// "localhost" is ::1 too, also where there is no IPv6.
[[nodiscard]] task<std::vector<address>> bind_each(std::vector<address> at, opener open);

}  // namespace bight
