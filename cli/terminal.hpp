// SPDX-License-Identifier: MIT
#pragma once

/// What the tool asks of the system itself: terminals, the descriptors it was started with, and
/// files that nobody else may have a hand in.

#include <bight/time.hpp>

#include <cstdint>
#include <cstdio>
#include <memory>
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

struct file_closer {
  void operator()(std::FILE* f) const noexcept { std::fclose(f); }
};
using file_pointer = std::unique_ptr<std::FILE, file_closer>;

/// A new file for writing: what had that name is removed first, and no link of that name is
/// followed. Null, with errno, when it cannot be had.
[[nodiscard]] file_pointer create_anew(const std::string& path) noexcept;
/// A file to write on at its end: ours, regular, of one name, and no link. Null when it is not.
[[nodiscard]] file_pointer open_to_append(const std::string& path) noexcept;
/// Cuts it to nothing.
[[nodiscard]] bool empty_file(std::FILE* file) noexcept;
/// Whether no other program holds the file by this same call.
[[nodiscard]] bool lock_file(std::FILE* file) noexcept;

/// Gives a file another name. `fresh`: fails when there is one of that name.
[[nodiscard]] bool rename_file(const std::string& from, const std::string& to, bool fresh) noexcept;

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
