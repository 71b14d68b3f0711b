// SPDX-License-Identifier: MIT
#pragma once

/// The file of a unix socket: made by bind(2), and nobody's when the socket is closed. unix(7).

#include "engine/posix/sockaddr.hpp"

#include <string>
#include <system_error>

#include <sys/types.h>

namespace bight::posix {

class socket_file {
 public:
  /// For the socket `fd`, at `path`. A relative one is made absolute now: the program may change
  /// its folder.
  socket_file(int fd, const std::string& path);

  /// Binds the socket to `name`, the path as the program wrote it. A socket file that no socket is
  /// bound to any more is replaced. Any other file, a symbolic link too, is in use.
  [[nodiscard]] std::error_code bind(const socket_name& name);
  /// Removes the file if it is still the one that bind() made, and this the process that did: not
  /// another server's, and not from a child after fork(2).
  void remove() const noexcept;

  [[nodiscard]] int socket() const noexcept { return fd_; }

 private:
  /// EADDRINUSE, 0 if the file is left over, or why that cannot be found out.
  [[nodiscard]] int in_use(const socket_name& name) const noexcept;
  void note() noexcept;

  int fd_;
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  pid_t owner_ = 0;  // 0: not bound
};

}  // namespace bight::posix
