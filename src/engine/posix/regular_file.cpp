// SPDX-License-Identifier: MIT
#include "engine/regular_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include <cerrno>

namespace bight {

regular_file::regular_file(const std::string& path) noexcept
    : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)) {
  struct stat s{};
  if (fd_ < 0 || ::fstat(fd_, &s) != 0) {
    error_ = errno;
    return;
  }
  if (!S_ISREG(s.st_mode)) error_ = ENOENT;
  inode_ = s.st_ino;
  size_ = static_cast<std::uint64_t>(s.st_size);
  changed_ = s.st_mtim.tv_sec;
  changed_ns_ = s.st_mtim.tv_nsec;
}

regular_file::~regular_file() {
  if (fd_ >= 0) ::close(fd_);
}

bool regular_file::is_shortage() const noexcept {
  return error_ == EMFILE || error_ == ENFILE || error_ == ENOMEM || error_ == EINTR;
}

std::string regular_file::tag() const {
  return fmt::format("\"{:x}-{:x}-{:x}.{:x}\"", inode_, size_, changed_, changed_ns_);
}

bool regular_file::seek(int fd, std::uint64_t to) noexcept {
  return ::lseek(fd, static_cast<off_t>(to), SEEK_SET) == static_cast<off_t>(to);
}

std::size_t regular_file::read(int fd, std::span<std::byte> into) noexcept {
  for (;;) {
    const ssize_t got = ::read(fd, into.data(), into.size());
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) return 0;
  }
}

}  // namespace bight
