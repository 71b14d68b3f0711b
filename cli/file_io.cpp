// SPDX-License-Identifier: MIT
#include "file_io.hpp"

#include "text.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace tool {

namespace {

constexpr std::size_t copy_piece = 65536;

// A full disk must be detected before the old content is overwritten.
void reserve(int fd, std::uint64_t size, const std::string& name) {
  struct stat before{};
  if (size == 0 || fstat(fd, &before) != 0) return;
  if (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(size)) == 0) return;
  const int reason = errno;
  if (reason != ENOSPC && reason != EDQUOT && reason != EFBIG) return;  // not supported
  // Frees the space reserved beyond the end.
  if (ftruncate(fd, before.st_size) != 0) throw cannot_write(name, errno);
  throw cannot_write(name, reason);
}

}  // namespace

failure cannot_write(std::string_view path, std::string_view reason) {
  return {exit_code::cannot_write, fmt::format("write {}: {}", shown(path), reason)};
}

failure cannot_write(std::string_view path, int error) {
  // A missing file is created, so the folder must be missing.
  const char* advice = error == ENOENT ? " (does the folder exist?)" : "";
  return cannot_write(path, std::string(std::strerror(error)) + advice);
}

void write_all(int fd, std::string_view bytes, const std::string& name) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw cannot_write(name, count < 0 ? errno : ENOSPC);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

// Closing a duplicate reports errors too, and the original descriptor stays usable.
void check_written(int fd, const std::string& name) {
  const int twin = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (twin < 0 || ::close(twin) != 0) throw cannot_write(name, errno);
}

bool rename_file(const std::string& from, const std::string& to, bool fresh) noexcept {
  if (!fresh) return std::rename(from.c_str(), to.c_str()) == 0;
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return true;
  // Some file systems, old kernels and container profiles do not support the flag.
  if (errno != EINVAL && errno != ENOSYS && errno != EPERM) return false;
  if (link(from.c_str(), to.c_str()) != 0) return false;
  unlink(from.c_str());
  return true;
}

void copy_over(int from, std::uint64_t size, const std::string& target) {
  // O_NONBLOCK: the file may have become a FIFO, which must not block.
  const int flags = O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC;
  descriptor to(::open(target.c_str(), flags));
  // In /tmp, O_CREAT is refused for a file of another owner (protected_regular in proc(5)).
  if (!to && errno == ENOENT)
    to = descriptor(::open(target.c_str(), flags | O_CREAT | O_EXCL, 0666));
  struct stat s{};
  if (!to || fstat(to.get(), &s) != 0) throw cannot_write(target, errno);
  if (!S_ISREG(s.st_mode)) throw cannot_write(target, "it is no longer a regular file");
  if (flock(to.get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
    throw cannot_write(target, "it is locked by another program");
  reserve(to.get(), size, target);
  std::array<char, copy_piece> piece;
  for (std::uint64_t at = 0; at < size;) {
    const std::size_t most = std::min<std::uint64_t>(piece.size(), size - at);
    const ssize_t count = pread(from, piece.data(), most, static_cast<off_t>(at));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw cannot_write(target, count < 0 ? errno : EIO);
    write_all(to.get(), {piece.data(), static_cast<std::size_t>(count)}, target);
    at += static_cast<std::uint64_t>(count);
  }
  if (ftruncate(to.get(), static_cast<off_t>(size)) != 0) throw cannot_write(target, errno);
  check_written(to.get(), target);
}

}  // namespace tool
