// SPDX-License-Identifier: MIT
#pragma once

/// The progress of a command, as one line of text.

#include <bight/time.hpp>

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace tool {

/// "12 s  waiting for example.org"; at most `width` - 1 columns. The part that changes comes first,
/// so a narrow window shows it too.
[[nodiscard]] std::string waiting_line(bight::duration elapsed, std::string_view what, int width);

/// A download: waiting for a server, receiving, or waiting for the next attempt.
class progress {
 public:
  /// A request was sent to `peer`. The time counts from the last byte, or the first line.
  void wait_for(std::string peer);
  /// The next attempt begins at `then`.
  void wait_until(bight::time_point then);
  /// The body begins.
  ///
  /// total  bytes of the file, or 0 if unknown.
  /// had    bytes received before this attempt; they do not count for the rate.
  void begin(std::uint64_t total, std::uint64_t had, bight::time_point now);
  /// `done` bytes have been received.
  void add(std::uint64_t done, bight::time_point now);
  /// What slows the download, if not the server: the reader of the output, or --limit-rate.
  enum class pause : std::uint8_t { none, output, limit };
  void hold(pause why) noexcept { pause_ = why; }
  /// Shows nothing more: the body is printed on the terminal.
  void stop() noexcept { state_ = state::silent; }

  /// The line, at most `width` - 1 columns; empty if there is nothing to show.
  [[nodiscard]] std::string line(bight::time_point now, int width);

 private:
  enum class state : std::uint8_t { waiting, pausing, receiving, silent };
  struct sample {
    bight::time_point at;
    std::uint64_t done;
  };

  [[nodiscard]] double rate(bight::time_point now);
  [[nodiscard]] std::string receiving_line(bight::time_point now, int width);

  state state_ = state::waiting;
  pause pause_ = pause::none;
  std::string peer_;
  bight::time_point until_{};  // of pausing
  bight::time_point start_{};  // of receiving
  bight::time_point last_{};   // when a byte came
  std::uint64_t total_ = 0;
  std::uint64_t had_ = 0;
  std::uint64_t done_ = 0;
  std::deque<sample> recent_;
};

}  // namespace tool
