// SPDX-License-Identifier: MIT
#pragma once

/// How far a command is, as one line of text.

#include <bight/time.hpp>

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

namespace tool {

/// "12 s  waiting for example.org"; at most `width` - 1 columns. What moves comes first: a narrow
/// window shows it too.
[[nodiscard]] std::string waiting_line(bight::duration elapsed, std::string_view what, int width);

/// A download: waiting for a server, receiving, or waiting for the next try.
class progress {
 public:
  /// A request goes to `whom`. The time that is shown counts from the last byte, or the first line.
  void wait_for(std::string whom);
  /// The next try begins at `then`.
  void wait_until(bight::time_point then);
  /// The body begins.
  ///
  /// total  bytes that there will be, or 0 when nobody knows.
  /// had    bytes of them that were there before, and do not count for the rate.
  void begin(std::uint64_t total, std::uint64_t had, bight::time_point now);
  /// So many bytes are there.
  void add(std::uint64_t done, bight::time_point now);
  /// What holds the download up when it is not the server: the reader of its output, or
  /// --limit-rate.
  enum class pause : std::uint8_t { none, output, limit };
  void hold(pause why) noexcept { pause_ = why; }
  /// Nothing more is shown: the body itself is on the screen.
  void stop() noexcept { state_ = state::silent; }

  /// The line; at most `width` - 1 columns, and empty when there is nothing to show.
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
  std::string whom_;
  bight::time_point until_{};  // of pausing
  bight::time_point start_{};  // of receiving
  bight::time_point last_{};   // when a byte came
  std::uint64_t total_ = 0;
  std::uint64_t had_ = 0;
  std::uint64_t done_ = 0;
  std::deque<sample> recent_;
};

}  // namespace tool
