// SPDX-License-Identifier: MIT
#pragma once

/// The exchange of messages in `send` and `connect`: sends the input, prints what is received.

#include "console.hpp"
#include "messages.hpp"
#include "output.hpp"

#include <bight/event.hpp>
#include <bight/stream.hpp>
#include <bight/time.hpp>
#include <bight/udp.hpp>

#include <cstdint>
#include <optional>

namespace tool {

struct conversation_options {
  message_format format = message_format::chunk;
  bool hex = false;   ///< show replies in hexadecimal
  bool crlf = false;  ///< send "\n" as "\r\n"
  /// Print each reply as a line, for replies that have no newline.
  bool as_lines = false;
  /// How long to wait for a greeting before the first message.
  bight::duration greeting{};
  /// How long to read after the last message; none: until the peer closes (UDP: until no datagram
  /// has arrived for one second).
  std::optional<bight::duration> wait;
  /// Inactivity timeout.
  std::optional<bight::duration> timeout;
};

/// Exchanges messages over a stream until the peer closes.
///
/// errors  failure(cut_short) if the peer closes before all messages were sent; errors of the
///         stream; timed_out if nothing is received for conversation_options::timeout.
/// All references are borrowed until the end.
[[nodiscard]] bight::task<> converse(bight::stream& peer, message_source& source, output& out,
                                     const conversation_options& how, const console& log);

/// Exchanges datagrams until none has arrived for conversation_options::wait.
///
/// received  set to the number of datagrams received, also on failure.
[[nodiscard]] bight::task<> converse(bight::udp::socket& peer, message_source& source, output& out,
                                     const conversation_options& how, const console& log,
                                     std::uint64_t& received);

}  // namespace tool
