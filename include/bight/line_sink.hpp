// SPDX-License-Identifier: MIT
#pragma once

/// Non-blocking line output to standard output and standard error.

#include <bight/machinery/callback.hpp>
#include <bight/time.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bight {

/// Standard output or standard error, for logs. A plain write blocks the whole loop if the reader
/// of a pipe is slow or a terminal is stopped (Ctrl-S). A line_sink does not block.
///
/// A line is written at once if possible. Otherwise it is queued in memory and a thread writes it.
/// While `limit` bytes or more are queued, new lines are dropped and counted; the output reports
/// the count in their place. At exit, the queue is written for up to one second; the rest is lost.
///
/// threads  any. Lines of different threads are not mixed.
class line_sink {
 public:
  /// Queued bytes from which new lines are dropped; the default max-buffer-size of Docker's
  /// non-blocking log mode.
  static constexpr std::size_t limit = 1024 * 1024;

  [[nodiscard]] static line_sink& standard_output();
  [[nodiscard]] static line_sink& standard_error();
  line_sink(const line_sink&) = delete;
  line_sink& operator=(const line_sink&) = delete;

  /// Writes `text` and a newline. Does not wait. Discards the line if the reader is gone.
  void line(std::string_view text) noexcept;
  /// Writes `text` unchanged, in one piece. Otherwise like line().
  void write(std::string_view text) noexcept;

  /// Waits until the queue has been written, for `at_most`. Returns whether the queue is empty.
  bool flush(duration at_most) noexcept;

  /// Returns the number of lines dropped so far.
  [[nodiscard]] std::uint64_t dropped() const noexcept;
  /// Sets the function that makes the line reporting a number of dropped lines. It is called while
  /// a lock is held, so it must not use this sink.
  void on_dropped(machinery::callback<std::string(std::uint64_t)> describe);

 private:
  struct state;
  explicit line_sink(int descriptor);
  ~line_sink() = default;  // never called: sinks are used until the program exits

  state* state_;
};

}  // namespace bight
