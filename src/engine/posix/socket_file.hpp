// SPDX-License-Identifier: MIT
#pragma once

/// The file of a unix socket. bind(2) creates it, and closing the socket leaves it behind. unix(7).

#include "engine/posix/sockaddr.hpp"

#include <string>
#include <system_error>

#include <sys/types.h>

namespace bight::posix {

class socket_file {
 public:
  /// For the socket `fd`, at `path`. Makes a relative path absolute, because the program may change
  /// its working directory.
  socket_file(int fd, const std::string& path);

  /// Binds the socket to `name`, the path as the program wrote it. Replaces a leftover socket file,
  /// to which no socket is bound. Any other file, even a symbolic link, counts as in use.
  [[nodiscard]] std::error_code bind(const socket_name& name);
  /// Removes the file if this process created it and it has not been replaced: neither another
  /// server's file, nor from a child of fork(2).
  void remove() const noexcept;

  [[nodiscard]] int socket() const noexcept { return fd_; }

 private:
  /// Returns EADDRINUSE, 0 for a leftover file, or the errno if neither can be determined.
  [[nodiscard]] int in_use(const socket_name& name) const noexcept;
  void note() noexcept;

  int fd_;
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  pid_t owner_ = 0;  // 0: not bound
};

}  // namespace bight::posix
