// SPDX-License-Identifier: MIT
#pragma once

/// What `bight serve` does with a client: greet, echo, discard, text, files.

#include "console.hpp"
#include "folder.hpp"
#include "listing.hpp"
#include "loop_guard.hpp"
#include "media_types.hpp"

#include <bight/error_digest.hpp>
#include <bight/event.hpp>
#include <bight/stream.hpp>
#include <bight/time.hpp>
#include <bight/udp.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tool {

enum class handler_kind : std::uint8_t { greet, echo, discard, text, files };

[[nodiscard]] const std::vector<std::string>& handler_names();
[[nodiscard]] handler_kind parse_handler(std::string_view name);

/// What all sessions of a server share. Read by every thread; outlives them.
struct handling {
  handler_kind kind = handler_kind::greet;
  std::string text;                    ///< of handler_kind::text
  const folder* files = nullptr;       ///< of handler_kind::files
  listings* pages = nullptr;           ///< of the same
  const media_types* types = nullptr;  ///< of the same
  loop_guard* loops = nullptr;         ///< of datagrams
  bight::duration delay{};             ///< before every answer
  const console* voice = nullptr;
  bight::error_digest* failures = nullptr;
  bight::event* finished = nullptr;  ///< set when a session has ended; only with one thread
};

/// A session, as tcp::serve and udp::serve want it.
struct stream_handler {
  const handling* shared;
  BIGHT_CORO_WRAPPER bight::task<> operator()(bight::stream peer) const;
};
struct datagram_handler {
  const handling* shared;
  BIGHT_CORO_WRAPPER bight::task<> operator()(bight::udp::request asked) const;
};

/// Reports a session that ended with an error: as an event, and to people unless the client has
/// merely reset the connection.
void tell_failure(const handling& shared, const bight::address& peer, const bight::error& e);
/// The lines for people: what an error_digest calls.
void tell_failures(const console& voice, const bight::address& peer, const bight::error& e,
                   std::uint64_t more, bight::duration in);

}  // namespace tool
