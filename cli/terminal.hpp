// SPDX-License-Identifier: MIT
#pragma once

/// Terminals, and the descriptors that the tool was started with.

#include <bight/time.hpp>

#include <cstdint>
#include <cstdio>
#include <string>

namespace tool {

/// Fills the places of descriptors 0, 1 and 2 that were closed at the start, so that no socket
/// takes one of these numbers and no message ends up in a connection. Reading from such a place,
/// or writing to it, fails as it would have.
void hold_standard_descriptors() noexcept;

[[nodiscard]] bool is_terminal(int fd) noexcept;
/// Columns of the terminal behind standard error; 80 when it does not say.
[[nodiscard]] int terminal_width() noexcept;

/// The descriptor of an open file.
[[nodiscard]] int descriptor_of(std::FILE* file) noexcept;
/// A file on a descriptor that the program was started with; null when there is none.
[[nodiscard]] std::FILE* file_of(int fd) noexcept;

/// A line on standard error that shows how far a download is. Draws at most ten times a second.
class progress_bar {
 public:
  /// total  bytes that there will be, or 0 when nobody knows.
  /// had    bytes of them that were there before, and do not count for the rate.
  progress_bar(bool visible, std::uint64_t total, std::uint64_t had, bight::time_point start)
      : visible_(visible), total_(total), had_(had), start_(start) {}
  progress_bar(const progress_bar&) = delete;
  progress_bar& operator=(const progress_bar&) = delete;
  ~progress_bar() { clear(); }

  void update(std::uint64_t done, bight::time_point now);
  /// Takes the line away again, as before any other message.
  void clear() noexcept;

  /// The line itself: share, bar, bytes, rate, time left; at most `width` columns.
  [[nodiscard]] static std::string line(std::uint64_t done, std::uint64_t total, std::uint64_t had,
                                        bight::duration elapsed, int width);

 private:
  bool visible_;
  bool drawn_ = false;
  std::uint64_t total_;
  std::uint64_t had_;
  bight::time_point start_;
  bight::time_point next_{};
};

}  // namespace tool
