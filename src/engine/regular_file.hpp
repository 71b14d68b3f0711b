// SPDX-License-Identifier: MIT
#pragma once

/// Regular files, for programs that send them.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/names.hpp"

namespace bight {

/// An open regular file, and what identifies its version.
class regular_file {
 public:
  /// Opens `path` for reading. If that fails, error() has the errno; ENOENT for anything that is no
  /// regular file. Does not wait for the writer of a FIFO.
  explicit regular_file(const std::string& path) noexcept;
  regular_file(const regular_file&) = delete;
  regular_file& operator=(const regular_file&) = delete;
  ~regular_file();

  [[nodiscard]] int error() const noexcept { return error_; }
  /// Whether the failure may pass: no descriptors, no memory.
  [[nodiscard]] bool is_shortage() const noexcept;
  [[nodiscard]] int fd() const noexcept { return fd_; }
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  [[nodiscard]] std::int64_t changed() const noexcept { return changed_; }
  /// A strong ETag: inode, size and time of the last change, in nanoseconds.
  [[nodiscard]] std::string tag() const;

  /// Sets the position for reading. Returns false if that fails.
  [[nodiscard]] static bool seek(int fd, std::uint64_t to) noexcept;
  /// Reads at the position of `fd`. Returns 0 at the end and on an error. Blocks.
  [[nodiscard]] static std::size_t read(int fd, std::span<std::byte> into) noexcept;

 private:
  int fd_ = -1;
  int error_ = 0;
  std::uint64_t inode_ = 0;
  std::uint64_t size_ = 0;
  std::int64_t changed_ = 0;
  std::int64_t changed_ns_ = 0;
};

}  // namespace bight
