// SPDX-License-Identifier: MIT
#pragma once

/// Lines on standard output and standard error that never make the program wait.

#include <bight/machinery/callback.hpp>
#include <bight/time.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bight {

/// Standard output or standard error, for logs. A plain write blocks the whole loop when the reader
/// of a pipe is slow, or a terminal is stopped (Ctrl-S); this does not.
///
/// A line is written at once if that is possible. Otherwise it waits in memory, and a thread writes
/// it. Lines that do not fit into `limit` bytes are dropped and counted, and the count is reported
/// in their place. Whatever is still unwritten when the program exits has one second to leave.
///
/// threads  any. Whole lines: those of several threads do not mix.
class line_sink {
 public:
  /// Bytes that may wait: as many as the non-blocking log mode of Docker keeps (max-buffer-size).
  static constexpr std::size_t limit = 1024 * 1024;

  [[nodiscard]] static line_sink& standard_output();
  [[nodiscard]] static line_sink& standard_error();
  line_sink(const line_sink&) = delete;
  line_sink& operator=(const line_sink&) = delete;

  /// Writes `text` and a newline. Does not wait. Lines are lost if nobody reads them any more.
  void line(std::string_view text) noexcept;
  /// Writes `text` as it is, in one piece; otherwise as line().
  void write(std::string_view text) noexcept;

  /// Waits until everything has been written, for `at_most` if the reader is slow. Returns whether
  /// it has.
  bool flush(duration at_most) noexcept;

  /// Lines dropped so far.
  [[nodiscard]] std::uint64_t dropped() const noexcept;
  /// Sets the line that reports how many lines were dropped. Called under a lock: it must not use
  /// this sink.
  void on_dropped(machinery::callback<std::string(std::uint64_t)> describe);

 private:
  struct state;
  explicit line_sink(int descriptor);
  ~line_sink() = default;  // never called: the program's last words go through here

  state* state_;
};

}  // namespace bight
