// SPDX-License-Identifier: MIT
#pragma once

/// The kinds of traffic. Each runs until its window is over.

#include "options.hpp"
#include "window.hpp"

namespace load {

/// Modes echo and framed: what is sent comes back.
void run_echo(const options& o, window& w);
/// Mode idle: connections that are held and do nothing, beside `active` ones that echo.
void run_idle(const options& o, window& w);
/// Mode accept: connect, send, read the reply, wait for the end; again. Modes fin and reset: the
/// same, but the client ends first, in order or by a reset.
void run_accept(const options& o, window& w);
/// Mode discard: send as fast as the server reads.
void run_discard(const options& o, window& w);
/// Mode source: read as fast as the server sends.
void run_source(const options& o, window& w);
/// Mode udp: datagrams that come back.
void run_udp(const options& o, window& w);

}  // namespace load
