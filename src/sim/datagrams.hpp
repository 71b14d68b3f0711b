// SPDX-License-Identifier: MIT
#pragma once

/// UDP as programs see it: udp(7). Datagrams are lost, duplicated, reordered and corrupted on the
/// path, and truncated or dropped at its end. Not modelled: multicast, delivery of broadcasts,
/// fragments that arrive in part.

#include "sim/universe.hpp"

namespace bight::sim::datagrams {

[[nodiscard]] bool connect(socket& s, op& o);
[[nodiscard]] bool receive(universe& u, socket& s, op& o);
[[nodiscard]] bool send(universe& u, socket& s, op& o);
void take_arrived(universe& u, socket& s, arrivals& into, std::size_t most);
void give_back(universe& u, socket& s, op& o) noexcept;
void close(universe& u, socket& s) noexcept;

void on_datagram(universe& u, std::uint32_t index);
void on_unreachable(universe& u, socket& s);
void on_joined(universe& u, socket& s);
void on_departed(universe& u, socket& s);

}  // namespace bight::sim::datagrams
