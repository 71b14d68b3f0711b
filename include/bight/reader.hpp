// SPDX-License-Identifier: MIT
#pragma once

/// Reads messages from a byte stream: exact counts, lines, delimited and length-prefixed messages.

#include <bight/machinery/read.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace bight {

using machinery::last_line;

/// Reads messages from a stream. Borrows the stream; neither may move while a call is in flight.
///
/// A deadline or a cancellation during a call loses no byte: received bytes stay buffered, and the
/// call can be repeated. Every message has a maximum length.
///
/// errors   those of the stream; cut_short if the stream ends inside a message (buffered() is the
///          number of bytes received of it, and recv() returns them); too_long if the maximum is
///          exceeded, before more is received; busy while another call is in flight. A failed call
///          consumes no byte.
/// threads  the stream's; one call at a time. After several calls in a row whose message is already
///          buffered, other tasks run first.
template <byte_source Source>
class reader {
 public:
  explicit reader(Source& source) noexcept : source_(&source) {}
  explicit reader(Source&&) = delete;
  /// Ties the reader to a writer, which is borrowed too. The writer is flushed before each wait for
  /// the source and before the end of the stream is reported. An error of that flush is thrown by
  /// the call that flushed.
  reader(Source& source, machinery::any_writer& tied) noexcept : source_(&source), tied_(&tied) {}
  /// Takes over the buffered bytes; the moved-from reader holds none.
  reader(reader&& other) noexcept
      : source_(other.source_), tied_(other.tied_), split_(std::exchange(other.split_, {})) {}
  /// Discards the bytes that this reader had buffered.
  reader& operator=(reader&& other) noexcept {
    if (this == &other) return *this;
    source_ = other.source_;
    tied_ = other.tied_;
    split_ = std::exchange(other.split_, {});
    return *this;
  }

  /// Reads exactly `n` bytes.
  [[nodiscard]] auto read_exactly(std::size_t n) & {
    return read<lease>(machinery::framing::exactly(n));
  }

  /// Reads up to `delimiter`, which is consumed and not returned; must not be empty (asserted).
  [[nodiscard]] auto read_until(std::string delimiter, std::size_t max = 65536) & {
    return read<lease>(machinery::framing::until(std::move(delimiter), max));
  }
  template <machinery::char_array A>
  [[nodiscard]] auto read_until(A& delimiter, std::size_t max = 65536) & {
    return read_until(std::string(machinery::text_of(delimiter)), max);
  }

  /// Reads a line and returns it without its "\n" or "\r\n"; std::nullopt at the end of the stream.
  /// A last line without a newline fails with cut_short, unless `last` is last_line::as_it_is.
  [[nodiscard]] auto read_line(std::size_t max = 65536, last_line last = last_line::whole) & {
    return read<std::optional<lease>>(machinery::framing::line(max, last));
  }

  /// Reads a message that follows its length: `prefix` bytes (1, 2, 4 or 8), most significant
  /// first. Returns std::nullopt if the stream ends between two messages.
  [[nodiscard]] auto read_message(std::size_t max = 1 << 20, std::size_t prefix = 4) & {
    return read<std::optional<lease>>(machinery::framing::prefixed(max, prefix));
  }

  /// Returns buffered bytes if there are any, otherwise receives, as the stream's recv.
  [[nodiscard]] auto recv(std::size_t max = 65536) & {
    return read<lease>(machinery::framing::some(max));
  }

  [[nodiscard]] std::size_t buffered() const noexcept { return split_.buffered(); }

 private:
  template <class Message>
  machinery::read_operation<Source, Message> read(machinery::framing f) noexcept {
    return {*source_, split_, tied_, std::move(f)};
  }

  Source* source_;
  machinery::any_writer* tied_ = nullptr;
  machinery::splitter split_;
};

/// Returns the length prefix for `n` bytes, as read_message expects it. Send it before the message.
///
/// errors  too_long if `n` does not fit into `prefix` bytes (1, 2, 4 or 8, asserted).
[[nodiscard]] std::string length_prefix(std::uint64_t n, std::size_t prefix = 4);

}  // namespace bight
