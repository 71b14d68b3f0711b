// SPDX-License-Identifier: MIT
#pragma once

/// Where a command writes received data: a descriptor, a device, or a file.

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

/// Writes the data that a command receives. On a terminal, control characters are shown as \xNN.
///
/// A regular file is written as FILE.part until finish() (see resume_file). With options::append it
/// is appended to directly. Pipes and devices are written directly.
class output {
 public:
  struct options {
    bool fresh = false;   ///< fail if the file exists
    bool append = false;  ///< append to the file directly, without FILE.part
  };
  /// path    "" or "-" means standard output.
  /// errors  failure(cannot_write). Waits until a FIFO has a reader.
  [[nodiscard]] static bight::task<output> open(std::string path, options how);

  output(output&&) noexcept = default;
  output& operator=(output&&) = delete;
  ~output() = default;

  /// Writes all bytes and waits if the reader of a pipe is slow. Several tasks may write; writes do
  /// not mix and keep the order of the calls.
  ///
  /// bytes   borrowed until the await ends.
  /// errors  failure(cannot_write), without a message if the reader of a pipe has exited;
  /// cancelled.
  [[nodiscard]] bight::task<> write(std::string_view bytes);

  /// Truncates the file to `size` bytes.
  void restart(std::uint64_t size = 0);
  /// Removes the .part file.
  void discard() noexcept;
  /// Renames the complete file to its final name.
  ///
  /// errors  failure(cannot_write).
  void finish();

  /// Whether the output is not standard output.
  [[nodiscard]] bool is_file() const noexcept { return !path_.empty(); }
  /// Whether written data can be discarded (a .part file).
  [[nodiscard]] bool can_restart() const noexcept { return part_.has_value(); }
  /// Whether the output is a terminal.
  [[nodiscard]] bool is_screen() const noexcept { return screen_.has_value(); }
  /// Bytes written, including those of an earlier process.
  [[nodiscard]] std::uint64_t written() const noexcept { return part_ ? part_->size() : written_; }
  /// The name of the .part file that keeps an incomplete download; "" if there is none.
  [[nodiscard]] std::string kept() const;
  /// The final name of the file; "" for standard output.
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

  /// The version that the .part file belongs to.
  [[nodiscard]] resume_point noted() const { return part_ ? part_->noted() : resume_point(); }
  void note(resume_point p);
  /// Calls `each` with the bytes of the .part file.
  void read(const std::function<void(std::string_view)>& each) const;

 private:
  output() : write_lock_(std::make_unique<fair_lock>()) {}

  std::unique_ptr<fair_lock> write_lock_;
  descriptor own_;  // owned: a device or an appended file
  int fd_ = -1;     // what the stream writes to
  std::optional<bight::stdio> stream_;
  std::optional<resume_file> part_;
  std::string path_;
  std::uint64_t written_ = 0;
  std::optional<terminal_text> screen_;
  bool fresh_ = false;
};

}  // namespace tool
