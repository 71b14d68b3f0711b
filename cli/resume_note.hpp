// SPDX-License-Identifier: MIT
#pragma once

/// FILE.part.from: what FILE.part is, and the lock on it.

#include "descriptor.hpp"
#include "resume.hpp"

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace tool {

struct part_note {
  using inode = std::pair<std::uint64_t, std::uint64_t>;  ///< device and number

  resume_point about;
  /// Of the part that it belongs to. None until that is created.
  std::optional<inode> of;

  /// None when it is empty or no such note.
  [[nodiscard]] static std::optional<part_note> read(int marker);
  /// errors  failure(cannot_write).
  void write(int marker, const std::string& part) const;

  [[nodiscard]] static inode inode_of(const struct stat& s) noexcept;
  /// Whether that file may be the part.
  [[nodiscard]] bool is_of(const struct stat& s) const noexcept {
    return !of || *of == inode_of(s);
  }
};

/// Opens or creates the note of `part` and locks it.
///
/// made    set to whether it was created.
/// returns none with errno: EEXIST when a file of that name is not ours.
/// errors  failure(cannot_write) when another process has the lock.
[[nodiscard]] descriptor lock_note(const std::string& part, bool& made);
void remove_note(const std::string& part) noexcept;

/// Whether it is a regular file of ours, without another name.
[[nodiscard]] bool is_own_file(const struct stat& s) noexcept;
[[nodiscard]] bool is_empty(int fd) noexcept;

}  // namespace tool
