// SPDX-License-Identifier: MIT
#pragma once

/// The handlers of `bight serve`: greet, echo, discard, text, files.

#include "console.hpp"
#include "loop_guard.hpp"

#include <bight/error_digest.hpp>
#include <bight/event.hpp>
#include <bight/http_server.hpp>
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

/// Settings shared by all sessions of a server. Every thread reads them; they outlive the threads.
struct handler_settings {
  handler_kind kind = handler_kind::greet;
  std::string text;                ///< for handler_kind::text
  bight::http::handler files;      ///< for handler_kind::files
  bight::http::serve_options web;  ///< for handler_kind::files
  loop_guard* loops = nullptr;     ///< for datagrams
  bight::duration delay{};         ///< before each reply
  const console* log = nullptr;
  bight::error_digest* failures = nullptr;
  bight::event* finished = nullptr;  ///< set when a session has ended; only with one thread
};

/// The handlers passed to tcp::serve() and udp::serve().
struct stream_handler {
  const handler_settings* shared;
  BIGHT_CORO_WRAPPER bight::task<> operator()(bight::stream peer) const;
};
struct datagram_handler {
  const handler_settings* shared;
  BIGHT_CORO_WRAPPER bight::task<> operator()(bight::udp::request request) const;
};

/// Reports a session that ended with an error. A reset by the client is printed only with -v.
void report_failure(const handler_settings& shared, const bight::address& peer,
                    const bight::error& e);
/// Prints the lines of an error_digest.
void report_failures(const console& log, const bight::address& peer, const bight::error& e,
                     std::uint64_t more, bight::duration in);

}  // namespace tool
