// SPDX-License-Identifier: MIT
#pragma once

/// OpenSSL in a simulated world, whose chance and date it must not take from the machine: see
/// engine/surroundings.hpp. On a real engine nothing here does anything.

#include "tls/openssl.hpp"

#include <ctime>
#include <optional>

namespace bight::tls {

/// Everything that OpenSSL draws in a turn of a simulated program comes from its world from now on:
/// keys, nonces, serial numbers.
///
/// OpenSSL has one source for a process, and no way to give a connection another. It is replaced at
/// the first call in a simulated program, for good, by one that asks OpenSSL's own wherever there
/// is no world; a process without one never gets there.
void draw_from_the_world();

/// The date of the world; none: the machine's holds.
[[nodiscard]] std::optional<std::time_t> date_of_the_world() noexcept;

/// The certificates that `ssl` is shown are judged by the date of the world.
void judge_by_the_world(SSL& ssl) noexcept;

// OpenSSL writes the machine's date into session tickets and their ages, and judges them by it.
// So here each carries the date of the world, is judged by that, and is as good as new to OpenSSL.

/// The session tickets that a server of this context gives and takes.
void date_tickets(SSL_CTX& server) noexcept;
/// One that a client has been given.
void date_ticket(SSL_SESSION& got) noexcept;
/// Whether a client may use it, and its age is written as nothing then.
[[nodiscard]] bool ticket_is_good(SSL_SESSION& kept);

}  // namespace bight::tls
