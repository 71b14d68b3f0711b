// SPDX-License-Identifier: MIT
#pragma once

/// Messages out of a byte stream: exact counts, lines, anything with a delimiter, length prefixes.

#include <bight/machinery/read.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace bight {

using machinery::last_line;

/// Reads messages from a stream. Borrows it; neither may move while a call is in flight.
///
/// A deadline or a cancellation in the middle of any of these loses no byte: what had come is kept,
/// and the same call can be made again. Every message has a maximum.
///
/// errors  those of the stream; cut_short when it ends inside a message (buffered() tells how much
///         of it is there, and recv() still gives it); too_long when a maximum is passed, before
///         more is read; busy while another call is in flight. None of them uses up a byte.
/// threads the stream's; one call at a time. Calls that find their message buffered let other tasks
///         run after some of them.
template <byte_source Source>
class reader {
 public:
  explicit reader(Source& source) noexcept : source_(&source) {}
  explicit reader(Source&&) = delete;
  /// Tied to a writer, which is borrowed too: it is flushed before each wait for the source, and
  /// before the end is told. An error of that flush comes out of the call that made it.
  reader(Source& source, machinery::any_writer& tied) noexcept : source_(&source), tied_(&tied) {}
  /// What is buffered goes along; the reader that was moved from holds nothing.
  reader(reader&& other) noexcept
      : source_(other.source_), tied_(other.tied_), split_(std::exchange(other.split_, {})) {}
  /// Drops what it had buffered.
  reader& operator=(reader&& other) noexcept {
    if (this == &other) return *this;
    source_ = other.source_;
    tied_ = other.tied_;
    split_ = std::exchange(other.split_, {});
    return *this;
  }

  /// Exactly `n` bytes.
  [[nodiscard]] auto read_exactly(std::size_t n) & {
    return read<lease>(machinery::framing::exactly(n));
  }

  /// Everything up to `delimiter`, which is read and dropped; must not be empty (asserted).
  [[nodiscard]] auto read_until(std::string delimiter, std::size_t max = 65536) & {
    return read<lease>(machinery::framing::until(std::move(delimiter), max));
  }
  template <machinery::char_array A>
  [[nodiscard]] auto read_until(A& delimiter, std::size_t max = 65536) & {
    return read_until(std::string(machinery::text_of(delimiter)), max);
  }

  /// A line, without its "\n" or "\r\n"; none at the end of the stream. A last line without its
  /// newline is cut_short, unless `last` lets it pass.
  [[nodiscard]] auto read_line(std::size_t max = 65536, last_line last = last_line::whole) & {
    return read<std::optional<lease>>(machinery::framing::line(max, last));
  }

  /// A message behind its length: `prefix` bytes (1, 2, 4 or 8), most significant first. None when
  /// the stream ends between two messages.
  [[nodiscard]] auto read_message(std::size_t max = 1 << 20, std::size_t prefix = 4) & {
    return read<std::optional<lease>>(machinery::framing::prefixed(max, prefix));
  }

  /// What is there, or what comes next: as the stream's recv, after what other calls left over.
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

/// The length prefix for `n` bytes as read_message expects it; send it in front of the message.
///
/// errors  too_long when `n` does not fit into `prefix` bytes (1, 2, 4 or 8, asserted).
[[nodiscard]] std::string length_prefix(std::uint64_t n, std::size_t prefix = 4);

}  // namespace bight
