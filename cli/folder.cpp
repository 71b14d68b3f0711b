// SPDX-License-Identifier: MIT
#include "folder.hpp"

#include "exit_codes.hpp"
#include "text.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/core.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace tool {

namespace {

/// The maximum number of names in a listing.
constexpr std::size_t names_max = 10000;
constexpr int look_flags = O_PATH | O_CLOEXEC;
constexpr int open_flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

// Opens component by component and follows no link: for kernels and containers without openat2.
descriptor open_stepwise(int root, std::string_view path, int flags) {
  descriptor at(fcntl(root, F_DUPFD_CLOEXEC, 0));
  while (at && !path.empty()) {
    const std::string name(path.substr(0, path.find('/')));
    path.remove_prefix(std::min(name.size() + 1, path.size()));
    if (name.empty()) continue;
    if (name == "..") return {};
    // O_PATH for the folders on the way, so that only the requested file is opened.
    const int how = path.empty() ? flags : look_flags;
    at = descriptor(openat(at.get(), name.c_str(), how | O_NOFOLLOW));
  }
  return at;
}

descriptor open_beneath(int root, const std::string& path, int flags) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  const char* name = path.empty() ? "." : path.c_str();
  // The C library has no function for it. EAGAIN: something was renamed, anywhere on the machine,
  // while ".." in a link was followed, and the kernel cannot be sure that it does not lead out:
  // openat2(2).
  long fd = -1;
  int tries = 100;
  do fd = syscall(SYS_openat2, root, name, &how, sizeof how);
  while (fd < 0 && errno == EAGAIN && --tries > 0);
  if (fd >= 0) return descriptor(static_cast<int>(fd));
  return errno == ENOSYS || errno == EPERM ? open_stepwise(root, path, flags) : descriptor();
}

bool same_file(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

// Checks the type before opening: opening a FIFO wakes its writer, and opening a device may have
// side effects. O_PATH does not open the file itself, but pins it, so it cannot be replaced in
// between.
descriptor open_file_or_folder(int root, const std::string& path, struct stat& s) {
  const descriptor seen = open_beneath(root, path, look_flags);
  if (!seen || fstat(seen.get(), &s) != 0) return {};
  if (S_ISDIR(s.st_mode)) return descriptor(openat(seen.get(), ".", open_flags | O_DIRECTORY));
  errno = ENOENT;
  if (!S_ISREG(s.st_mode) || path.ends_with('/')) return {};
  descriptor file(open(fmt::format("/proc/self/fd/{}", seen.get()).c_str(), open_flags));
  if (file || errno != ENOENT) return file;
  // Without /proc, the path has to be opened again.
  file = open_beneath(root, path, open_flags);
  struct stat now{};
  if (!file || fstat(file.get(), &now) != 0) return {};
  errno = ENOENT;
  return same_file(s, now) ? std::move(file) : descriptor();
}

// After a failed call: throws unless the error means that the file does not exist for us.
void throw_if_unreadable() {
  switch (const int reason = errno) {
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EIO:
    case EINTR:
    case ESTALE:
    case ETIMEDOUT: throw unreadable{reason};
    default: return;
  }
}

bool is_hidden(std::string_view path) {
  return path.starts_with('.') || path.find("/.") != std::string_view::npos;
}

}  // namespace

bool unreadable::passes() const noexcept {
  return reason == EMFILE || reason == ENFILE || reason == ENOMEM || reason == EINTR;
}

bool entry::seek(std::uint64_t to) const noexcept {
  return lseek(open.get(), static_cast<off_t>(to), SEEK_SET) == static_cast<off_t>(to);
}

folder::folder(const std::string& path)
    : path_(path), root_(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (!root_)
    throw usage_error(fmt::format("serve files {}: {}", shown(path), std::strerror(errno)));
}

std::optional<entry> folder::find(const std::string& path) const {
  if (is_hidden(path) || path.find('\0') != std::string::npos) return std::nullopt;
  entry e;
  struct stat s{};
  e.open = open_file_or_folder(root_.get(), path, s);
  if (!e.open || fstat(e.open.get(), &s) != 0) {
    throw_if_unreadable();
    return std::nullopt;
  }
  e.is_folder = S_ISDIR(s.st_mode);
  e.size = static_cast<std::uint64_t>(s.st_size);
  e.changed = s.st_mtim.tv_sec;
  e.tag = fmt::format("\"{:x}-{:x}-{:x}.{:x}\"", s.st_ino, s.st_size, s.st_mtim.tv_sec,
                      s.st_mtim.tv_nsec);
  return e;
}

folder::names::names(const folder& shared, const entry& of, std::string path)
    : shared_(shared), path_(std::move(path)) {
  const int fd = openat(of.open.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  open_.reset(fd >= 0 ? fdopendir(fd) : nullptr);
  if (open_ != nullptr) return;
  const int reason = errno;
  if (fd >= 0) close(fd);
  throw unreadable{reason};
}

void folder::names::close_folder::operator()(DIR* d) const noexcept { closedir(d); }

bool folder::names::read(std::size_t count) {
  for (; count > 0; --count) {
    errno = 0;
    const dirent* one = readdir(open_.get());
    if (one == nullptr && errno != 0) throw unreadable{errno};
    if (one == nullptr) return false;
    const std::string_view name = one->d_name;
    if (is_hidden(name)) continue;
    std::optional<listed> found = shared_.look(dirfd(open_.get()), *one, path_);
    if (!found) continue;
    if (all_.size() == names_max) {
      complete_ = false;
      return false;
    }
    all_.push_back(*std::move(found));
  }
  return true;
}

std::optional<listed> folder::look(int in, const dirent& one, const std::string& path) const {
  struct stat s{};
  if (fstatat(in, one.d_name, &s, AT_SYMLINK_NOFOLLOW) != 0) {
    throw_if_unreadable();
    return std::nullopt;
  }
  if (S_ISLNK(s.st_mode)) {
    const std::string link = path + one.d_name;
    const descriptor seen = open_beneath(root_.get(), link, look_flags);
    if (!seen || fstat(seen.get(), &s) != 0) {
      throw_if_unreadable();
      return std::nullopt;
    }
  }
  if (!S_ISREG(s.st_mode) && !S_ISDIR(s.st_mode)) return std::nullopt;
  return listed{one.d_name + std::string(S_ISDIR(s.st_mode) ? "/" : ""),
                static_cast<std::uint64_t>(s.st_size), s.st_mtim.tv_sec};
}

}  // namespace tool
