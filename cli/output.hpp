// SPDX-License-Identifier: MIT
#pragma once

/// Where payload goes: a descriptor, a device, or a file.

#include "descriptor.hpp"
#include "fair_lock.hpp"
#include "resume_file.hpp"
#include "text.hpp"

#include <bight/stdio.hpp>
#include <bight/task.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace tool {

/// The one writer of a command's payload. On a terminal, control bytes of a peer are shown as \xNN.
///
/// A regular file is written as FILE.part until finish() (see part_file). With options::append it
/// is written directly, at its end. Everything else (a pipe, a device) is written directly.
class output {
 public:
  struct options {
    bool fresh = false;   ///< a file of that name must not exist yet
    bool append = false;  ///< a log: each byte is in the file at once, behind what is there
  };
  /// path  where to; "" or "-" for standard output.
  ///
  /// errors  failure(cannot_write). A FIFO without a reader is waited for.
  [[nodiscard]] static bight::task<output> open(std::string path, options how);

  output(output&&) noexcept = default;
  output& operator=(output&&) = delete;
  ~output() = default;

  /// Writes all of it, waiting while a pipe's reader is slow. Several tasks may write; each write
  /// is in one piece, in the order of the calls.
  ///
  /// bytes   borrowed until the await ends.
  /// errors  failure(cannot_write): with a message, but without one when nobody reads the pipe any
  ///         more. Cancelled passes through.
  [[nodiscard]] bight::task<> write(std::string_view bytes);

  /// Keeps the first `size` bytes: the next byte comes behind them.
  void restart(std::uint64_t size = 0);
  /// Removes the .part: what it holds is not wanted.
  void discard() noexcept;
  /// Gives the file its name. All of it has been written then.
  ///
  /// errors  failure(cannot_write).
  void finish();

  /// Whether it is not the standard output.
  [[nodiscard]] bool is_file() const noexcept { return !path_.empty(); }
  /// Whether what has been written can be taken back.
  [[nodiscard]] bool can_restart() const noexcept { return part_.has_value(); }
  /// Whether a person looks at it.
  [[nodiscard]] bool is_screen() const noexcept { return screen_.has_value(); }
  /// Bytes that are there, those of an earlier process included.
  [[nodiscard]] std::uint64_t written() const noexcept { return part_ ? part_->size() : written_; }
  /// What of a file that did not become whole is kept under its .part name; "" when nothing is.
  [[nodiscard]] std::string kept() const;
  /// What the file is called when it is whole; "" for standard output.
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  /// What the bytes of a part are the beginning of.
  [[nodiscard]] resume_point noted() const { return part_ ? part_->noted() : resume_point(); }
  void note(resume_point p);
  /// Calls `each` with all bytes of a part.
  void read(const std::function<void(std::string_view)>& each) const;

 private:
  output() : turns_(std::make_unique<turns>()) {}

  std::unique_ptr<turns> turns_;
  descriptor own_;  // of a device or a log
  int fd_ = -1;     // what the stream writes to
  std::optional<bight::stdio> stream_;
  std::optional<part_file> part_;
  std::string path_;
  std::uint64_t written_ = 0;
  std::optional<terminal_text> screen_;
  bool fresh_ = false;
};

}  // namespace tool
