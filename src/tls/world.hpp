// SPDX-License-Identifier: MIT
#pragma once

/// OpenSSL in a simulated world. There it must not take randomness or dates from the machine: see
/// engine/surroundings.hpp. On a real engine these functions have no effect.

#include "tls/openssl.hpp"

#include <ctime>
#include <optional>

namespace bight::tls {

/// From now on, everything that OpenSSL draws at random in a turn of a simulated program comes from
/// its world: keys, nonces, serial numbers.
///
/// OpenSSL has one random source per process; a connection cannot have another. The first call in a
/// simulated program replaces it permanently. The replacement uses OpenSSL's own source outside a
/// simulated world. A process that never simulates keeps the original.
void draw_from_the_world();

/// The date of the simulated world; none: use the machine's.
[[nodiscard]] std::optional<std::time_t> date_of_the_world() noexcept;

/// Makes `ssl` verify certificates against the date of the world.
void judge_by_the_world(SSL& ssl) noexcept;

// OpenSSL stamps session tickets with the machine's date, and judges their age by it. Here each
// session ticket carries the world's date and is judged by that; to OpenSSL it always looks new.

/// Applies this to the session tickets that a server with this context issues and accepts.
void date_tickets(SSL_CTX& server) noexcept;
/// Applies this to a session ticket that a client has received.
void date_ticket(SSL_SESSION& got) noexcept;
/// Whether a client may use the session ticket. If so, resets its age to zero for OpenSSL.
[[nodiscard]] bool ticket_is_good(SSL_SESSION& kept);

}  // namespace bight::tls
