// SPDX-License-Identifier: MIT
#pragma once

/// One conversation, as `send` and `connect` have it: what is typed goes out, what comes is shown.

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

struct manner {
  tool::framing framing = tool::framing::chunk;
  bool hex = false;   ///< show replies in hexadecimal
  bool crlf = false;  ///< send "\n" as "\r\n"
  /// Show each reply as a line: replies to arguments, which have no newline of their own.
  bool as_lines = false;
  /// How long a greeting is waited for before the first message.
  bight::duration greeting{};
  /// How long to read on after our end; none: to the peer's end (UDP: one second after the last
  /// datagram).
  std::optional<bight::duration> wait;
  /// How long the peer may keep us waiting.
  std::optional<bight::duration> timeout;
};

/// Talks over a stream until the peer's end.
///
/// errors  failure(cut_short) when the peer ends before everything was sent in turns; those of the
///         stream; timed_out when nothing comes for manner.timeout.
/// All references are borrowed until the end.
[[nodiscard]] bight::task<> converse(bight::stream& peer, message_source& source, output& out,
                                     const manner& how, const console& voice);

/// Talks in datagrams until none has come for manner.wait after the last.
///
/// heard  set to the number of datagrams that came, also when this fails.
[[nodiscard]] bight::task<> converse(bight::udp::socket& peer, message_source& source, output& out,
                                     const manner& how, const console& voice, std::uint64_t& heard);

}  // namespace tool
