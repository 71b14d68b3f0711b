// SPDX-License-Identifier: MIT
#pragma once

/// Where payload goes: standard output, or a file that appears whole or not at all.

#include "terminal.hpp"

#include <bight/stdio.hpp>
#include <bight/task.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tool {

/// Payload's way out. On a terminal, control bytes of a peer are shown as \xNN.
///
/// A file is written as FILE.part and renamed by finish(); what is left of a failure is that
/// .part, or nothing when not a byte had come. While it is written no other bight takes it. What is
/// no regular file (/dev/null, a pipe) is written directly.
class output {
 public:
  struct options {
    bool keep = false;   ///< goes on with a .part that is there
    bool fresh = false;  ///< a file of that name must not exist yet
  };
  /// path  where to; "" or "-" for standard output.
  ///
  /// errors  failure(cannot_write).
  [[nodiscard]] static bight::task<output> open(std::string path, options how);

  output(output&&) noexcept = default;
  output& operator=(output&&) = delete;
  ~output();

  /// Writes all of it, waiting while a pipe's reader is slow.
  ///
  /// bytes   borrowed until the await ends.
  /// errors  failure(cannot_write): with a message, but without one when nobody reads the pipe any
  ///         more. Cancelled passes through.
  [[nodiscard]] bight::task<> write(std::string_view bytes);

  /// Forgets what there was before: the next byte is the first.
  void restart();
  /// Removes the .part: what it holds is not wanted.
  void discard() noexcept;
  /// Gives the file its name.
  void finish();

  [[nodiscard]] bool is_file() const noexcept { return file_ != nullptr; }
  /// Whether a person looks at it.
  [[nodiscard]] bool is_screen() const noexcept { return screen_; }
  [[nodiscard]] std::uint64_t written() const noexcept { return written_; }
  /// What of a file that did not become whole is kept under its .part name; "" when nothing is.
  [[nodiscard]] std::string kept() const;
  /// What the file is called when it is whole; "" for standard output.
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// The .part, while there is one.
  [[nodiscard]] const std::string& part() const noexcept { return part_; }

 private:
  output() = default;

  void open_part(const std::string& path, bool keep);

  std::optional<bight::stdio> standard_;
  file_pointer file_;
  std::string path_;  // of the file as it will be called
  std::string part_;  // its name until then; "" when it is written directly
  std::uint64_t written_ = 0;
  bool screen_ = false;
  bool fresh_ = false;
};

}  // namespace tool
