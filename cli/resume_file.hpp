// SPDX-License-Identifier: MIT
#pragma once

/// FILE.part: the bytes of a file until all of them are there.

#include "descriptor.hpp"
#include "output_path.hpp"
#include "resume.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace tool {

/// The part of one file, while no other process has it.
///
/// Beside it stands FILE.part.from, which is also the lock: it is created before the part and
/// deleted after it. Without it, a file of that name is somebody else's and is left alone; then the
/// part is FILE.part.2. Where the folder lets nothing be created, the part has no name, and is
/// copied over the file in the end.
class part_file {
 public:
  /// Takes the part of `target`, or creates it.
  ///
  /// errors  failure(cannot_write), also when another process has it.
  explicit part_file(place target);
  part_file(part_file&&) noexcept = default;
  part_file& operator=(part_file&&) = delete;
  /// Keeps what is there for the next time; removes a part without a byte.
  ~part_file();

  /// What an earlier process noted.
  [[nodiscard]] const resume_point& noted() const noexcept { return noted_; }
  /// Notes what the bytes are the beginning of.
  void note(resume_point p);

  void write(std::string_view bytes);
  /// Keeps only the first `size` bytes.
  void truncate(std::uint64_t size);
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  /// Calls `each` with all bytes, in pieces.
  void read(const std::function<void(std::string_view)>& each) const;

  /// Makes it the file. `fresh`: there must be none of that name.
  void finish(bool fresh);
  /// Removes it.
  void discard() noexcept;

  /// "" when it has none.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 private:
  enum class claim : std::uint8_t { taken, not_ours, no_room };
  [[nodiscard]] claim take(const std::string& name);
  [[nodiscard]] claim create(const std::string& name);
  void open_nameless();
  void write_note();
  [[nodiscard]] bool replace(bool fresh);
  [[nodiscard]] bool has_its_name() const noexcept;

  place target_;
  std::string name_;
  descriptor file_;
  descriptor marker_;  // locked
  resume_point noted_;
  std::uint64_t size_ = 0;
};

}  // namespace tool
