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

/// Names that one listing has at most.
constexpr std::size_t names_max = 10000;
constexpr int open_flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

// Component by component, no link followed: for kernels and containers without openat2.
descriptor open_stepwise(int root, std::string_view path) {
  descriptor at(fcntl(root, F_DUPFD_CLOEXEC, 0));
  while (at && !path.empty()) {
    const std::string name(path.substr(0, path.find('/')));
    path.remove_prefix(std::min(name.size() + 1, path.size()));
    if (name.empty()) continue;
    if (name == "..") return {};
    at = descriptor(openat(at.get(), name.c_str(), open_flags | O_NOFOLLOW));
  }
  return at;
}

descriptor open_beneath(int root, const std::string& path) {
  open_how how{};
  how.flags = static_cast<std::uint64_t>(open_flags);
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  const char* name = path.empty() ? "." : path.c_str();
  // The C library has no function for it.
  const long fd = syscall(SYS_openat2, root, name, &how, sizeof how);
  if (fd >= 0) return descriptor(static_cast<int>(fd));
  return errno == ENOSYS || errno == EPERM ? open_stepwise(root, path) : descriptor();
}

bool is_hidden(std::string_view path) {
  return path.starts_with('.') || path.find("/.") != std::string_view::npos;
}

}  // namespace

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
  e.open = open_beneath(root_.get(), path);
  struct stat s{};
  if (!e.open || fstat(e.open.get(), &s) != 0) return std::nullopt;
  e.is_folder = S_ISDIR(s.st_mode);
  if (!e.is_folder && !S_ISREG(s.st_mode)) return std::nullopt;
  e.size = static_cast<std::uint64_t>(s.st_size);
  e.changed = s.st_mtim.tv_sec;
  e.tag = fmt::format("\"{:x}-{:x}-{:x}.{:x}\"", s.st_ino, s.st_size, s.st_mtim.tv_sec,
                      s.st_mtim.tv_nsec);
  return e;
}

std::vector<std::string> folder::names(const entry& of, const std::string& path) const {
  std::vector<std::string> all;
  const int fd = fcntl(of.open.get(), F_DUPFD_CLOEXEC, 0);
  DIR* d = fd >= 0 ? fdopendir(fd) : nullptr;
  if (d == nullptr) {
    if (fd >= 0) close(fd);
    return all;
  }
  while (const dirent* one = readdir(d)) {
    std::string name = one->d_name;
    struct stat s{};
    if (is_hidden(name) || fstatat(fd, name.c_str(), &s, AT_SYMLINK_NOFOLLOW) != 0) continue;
    bool is_folder = S_ISDIR(s.st_mode);
    if (S_ISLNK(s.st_mode)) {
      const std::optional<entry> meant = find(path + name);
      if (!meant) continue;
      is_folder = meant->is_folder;
    } else if (!is_folder && !S_ISREG(s.st_mode)) {
      continue;
    }
    if (is_folder) name += '/';
    if (all.size() == names_max) break;
    all.push_back(std::move(name));
  }
  closedir(d);
  std::sort(all.begin(), all.end());
  return all;
}

std::string http_date(std::time_t t) {
  std::tm parts{};
  gmtime_r(&t, &parts);
  constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT", days[parts.tm_wday], parts.tm_mday,
                     months[parts.tm_mon], 1900 + parts.tm_year, parts.tm_hour, parts.tm_min,
                     parts.tm_sec);
}

}  // namespace tool
