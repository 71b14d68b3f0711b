// SPDX-License-Identifier: MIT
#pragma once

/// The use of a host's ports.

#include "sim/universe.hpp"

namespace bight::sim::ports {

/// Binds `s`, by the rules of bind(2) for SO_REUSEADDR and SO_REUSEPORT. Chooses a port for port 0.
[[nodiscard]] std::error_code bind(universe& u, socket& s, const packet_end& at, bool dual);
/// The address of `m` from which it sends to `to`.
[[nodiscard]] packet_end source_for(machine& m, const packet_end& to) noexcept;
/// Binds `s` to an address of its host that can reach `to`, and to a free port.
[[nodiscard]] std::error_code bind_for(socket& s, const packet_end& to);
/// Whether a connection between these two addresses exists, or has ended recently.
[[nodiscard]] bool is_taken(universe& u, const socket& s);
void leave(universe& u, socket& s) noexcept;

/// The socket that receives packets for `to`: the most specific one. If several share the address,
/// each sender has one of them.
[[nodiscard]] socket* taker(universe& u, machine& m, socket_kind k, const packet_end& to,
                            const packet_end& from) noexcept;

}  // namespace bight::sim::ports
