// SPDX-License-Identifier: MIT
#pragma once

/// Where payload goes: standard output, or a file that appears whole or not at all.

#include <bight/stdio.hpp>
#include <bight/task.hpp>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace tool {

/// Payload's way out. On a terminal, control bytes of a peer are shown as \xNN.
///
/// A file is written as FILE.part and renamed by finish(); what is left of a failure is that
/// .part, or nothing when not a byte had come. What is no regular file (/dev/null, a pipe) is
/// written directly.
class output {
 public:
  /// path  where to; "" for standard output.
  ///
  /// errors  failure(cannot_write).
  [[nodiscard]] static bight::task<output> open(std::string path);

  output(output&&) noexcept = default;
  output& operator=(output&&) = delete;
  ~output();

  /// Writes all of it, waiting while a pipe's reader is slow.
  ///
  /// bytes   borrowed until the await ends.
  /// errors  failure(cannot_write): with a message, but without one when nobody reads the pipe any
  ///         more. Cancelled passes through.
  [[nodiscard]] bight::task<> write(std::string_view bytes);

  /// Gives the file its name.
  void finish();

  [[nodiscard]] bool is_file() const noexcept { return file_ != nullptr; }
  /// Whether a person looks at it.
  [[nodiscard]] bool is_screen() const noexcept { return screen_; }
  [[nodiscard]] std::uint64_t written() const noexcept { return written_; }
  /// What of a file that did not become whole is kept under its .part name; "" when nothing is.
  [[nodiscard]] std::string kept() const;

 private:
  output() = default;

  struct closer {
    void operator()(std::FILE* f) const noexcept { std::fclose(f); }
  };

  std::optional<bight::stdio> standard_;
  std::unique_ptr<std::FILE, closer> file_;
  std::string path_;  // of the file as it will be called
  std::string part_;  // its name until then; "" when it is written directly
  std::uint64_t written_ = 0;
  bool screen_ = false;
};

}  // namespace tool
