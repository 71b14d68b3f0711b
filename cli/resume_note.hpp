// SPDX-License-Identifier: MIT
#pragma once

/// FILE.part.from: the URL and version that FILE.part belongs to, and the lock on it.

#include "descriptor.hpp"
#include "resume.hpp"

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace tool {

struct resume_note {
  using inode = std::pair<std::uint64_t, std::uint64_t>;  ///< device and number

  resume_point point;
  /// The inode of FILE.part; none until it is created.
  std::optional<inode> part;

  /// None if it is empty or not a valid note.
  [[nodiscard]] static std::optional<resume_note> read(int marker);
  /// errors  failure(cannot_write).
  void write(int marker, const std::string& name) const;

  [[nodiscard]] static inode inode_of(const struct stat& s) noexcept;
  /// Whether that file may be FILE.part.
  [[nodiscard]] bool is_of(const struct stat& s) const noexcept {
    return !part || *part == inode_of(s);
  }
};

/// Opens or creates the note of `part` and locks it.
///
/// made     set to whether it was created.
/// returns  none, with errno set: EEXIST if the file belongs to another program.
/// errors   failure(cannot_write) if another process has the lock.
[[nodiscard]] descriptor lock_note(const std::string& part, bool& made);
void remove_note(const std::string& part) noexcept;

/// Whether it is a regular file owned by this user, with one name.
[[nodiscard]] bool is_own_file(const struct stat& s) noexcept;
[[nodiscard]] bool is_empty(int fd) noexcept;

}  // namespace tool
