// SPDX-License-Identifier: MIT
#pragma once

/// TCP and unix sockets as programs see them: RFC 9293 as implemented by Linux.
///
/// A lost segment is retransmitted after a timeout, and later segments wait for it; no byte is lost
/// or duplicated. The path decides about each transmission when it is sent. Not modelled:
/// congestion control, selective acknowledgements, checksums, urgent data. A program that measures
/// throughput on a lossy path could notice. An acknowledgement takes time only if a sender waits
/// for it, and is lost only while the path back is cut.

#include "sim/universe.hpp"

namespace bight::sim::streams {

// ── Operations. They return true if the operation is complete: its outcome is set. ──────────────

[[nodiscard]] bool connect(universe& u, socket& s, op& o);
[[nodiscard]] bool accept(universe& u, socket& listener, op& o);
[[nodiscard]] bool receive(universe& u, socket& s, op& o);
[[nodiscard]] bool send(universe& u, socket& s, op& o);
/// Whether bytes sent now could still reach the peer, as far as this host knows.
[[nodiscard]] bool can_send(universe& u, const socket& s) noexcept;
void give_back(universe& u, socket& s, op& o) noexcept;
void give_back_accepted(universe& u, socket& listener, socket& child) noexcept;
[[nodiscard]] std::error_code shutdown_send(universe& u, socket& s);
/// The program has closed the stream. Sent bytes are still delivered, unless it requested a reset
/// or left bytes unread.
void close(universe& u, socket& s, bool reset) noexcept;
void close_listener(universe& u, socket& listener) noexcept;
/// The host has lost power.
void vanish(universe& u, socket& s) noexcept;

// ── Events ──────────────────────────────────────────────────────────────────────────────────────

void on_ask(universe& u, socket& s);
void on_ask_again(universe& u, socket& s);
void on_unheard(universe& u, socket& s);
void on_arrive(universe& u, socket& s);
void on_room(universe& u, socket& s);
void on_go_on(universe& u, socket& s);
void on_refused(universe& u, socket& s);
void on_probe(universe& u, socket& s);
void on_reset(universe& u, socket& s, std::errc why);

/// Starts keep-alive probes if the stream's options request them.
void keep_alive(universe& u, socket& s);

// ── Between the files of streams_*.cpp ──────────────────────────────────────────────────────────

void launch(universe& u, socket& s, parcel::sort what, lease data);
void lose(universe& u, socket& s, parcel& p);
[[nodiscard]] bool send_again(universe& u, socket& s);
void answer_with_reset(universe& u, socket& s);
void expect_silence(universe& u, socket& s);
void transmit(universe& u, socket& s);
void purge_sending(universe& u, socket& s) noexcept;
void throw_away(universe& u, socket& s) noexcept;
void release(universe& u, socket& s) noexcept;
void release_if_over(universe& u, socket& s) noexcept;
void established(universe& u, socket& s);
void admit(universe& u, socket& child);
void give_up_child(universe& u, socket& child) noexcept;
void welcome_lost(universe& u, socket& child);
[[nodiscard]] path& way_back(universe& u, const socket& s);
/// How long the sender waits for an acknowledgement of the present transmission.
[[nodiscard]] duration time_out(universe& u, const socket& s, unsigned tries, duration since);
/// Whether the program's timeout (TCP_USER_TIMEOUT), or the system's, has expired.
[[nodiscard]] bool given_up(universe& u, const socket& s, unsigned tries, duration since);

}  // namespace bight::sim::streams
