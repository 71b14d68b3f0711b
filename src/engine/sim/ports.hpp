// SPDX-License-Identifier: MIT
#pragma once

/// Who has which port of a host.

#include "engine/sim/universe.hpp"

namespace bight::sim::ports {

/// Binds `s`; port 0 is drawn. The rules of bind(2) for SO_REUSEADDR and SO_REUSEPORT.
[[nodiscard]] std::error_code bind(universe& u, socket& s, const packet_end& at, bool dual);
/// The address of `m` that what it sends to `to` leaves from.
[[nodiscard]] packet_end source_for(machine& m, const packet_end& to) noexcept;
/// Gives `s` an address of its host from which `to` can be reached, and a port that nobody has.
[[nodiscard]] std::error_code bind_for(socket& s, const packet_end& to);
/// Whether there is a connection already from its address to its peer's, or was a moment ago.
[[nodiscard]] bool is_taken(universe& u, const socket& s);
void leave(universe& u, socket& s) noexcept;

/// Who takes what comes to `to`: the most particular one; of several that share it, one for each
/// sender.
[[nodiscard]] socket* taker(universe& u, machine& m, socket_kind k, const packet_end& to,
                            const packet_end& from) noexcept;

}  // namespace bight::sim::ports
