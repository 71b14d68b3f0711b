// SPDX-License-Identifier: MIT
#pragma once

/// FILE.part: an incomplete download.

#include "descriptor.hpp"
#include "output_path.hpp"
#include "resume.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace tool {

/// The .part file of one download. Only one process can have it open.
///
/// FILE.part.from (resume_note) says which download FILE.part belongs to, and is its lock. It is
/// created before FILE.part and deleted after it. A FILE.part without this note belongs to another
/// program and is not touched; FILE.part.2 is used instead. If no file can be created in the
/// folder, an unnamed temporary file is used, and copied over FILE at the end.
class resume_file {
 public:
  /// Opens the .part file of `target`, or creates it.
  ///
  /// errors  failure(cannot_write), also if another process has it open.
  explicit resume_file(output_path target);
  resume_file(resume_file&&) noexcept = default;
  resume_file& operator=(resume_file&&) = delete;
  /// Keeps the .part file for the next run, unless it is empty.
  ~resume_file();

  /// The note of an earlier process.
  [[nodiscard]] const resume_point& noted() const noexcept { return noted_; }
  /// Writes which version the bytes belong to.
  void note(resume_point p);

  void write(std::string_view bytes);
  /// Truncates to `size` bytes.
  void truncate(std::uint64_t size);
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  /// Calls `each` with all bytes, in pieces.
  void read(const std::function<void(std::string_view)>& each) const;

  /// Renames it to its final name. `fresh`: fails if that file exists.
  void finish(bool fresh);
  /// Removes the .part file.
  void discard() noexcept;

  /// "" for an unnamed temporary file.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 private:
  enum class claim : std::uint8_t { taken, not_ours, no_room };
  [[nodiscard]] claim take(const std::string& name);
  [[nodiscard]] claim create(const std::string& name);
  void open_nameless();
  void write_note();
  [[nodiscard]] bool replace(bool fresh);
  [[nodiscard]] bool has_its_name() const noexcept;

  output_path target_;
  std::string name_;
  descriptor file_;
  descriptor note_file_;  // locked
  resume_point noted_;
  std::uint64_t size_ = 0;
};

}  // namespace tool
