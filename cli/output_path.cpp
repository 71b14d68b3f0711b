// SPDX-License-Identifier: MIT
#include "output_path.hpp"

#include "file_io.hpp"
#include "text.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <climits>
#include <optional>
#include <string_view>

namespace tool {

using namespace std::string_view_literals;

namespace {

/// As many as the kernel follows (path_resolution(7)).
constexpr int links_max = 40;

// The folder of a path, with its slash; "" for the current one.
std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/') + 1); }

// Recognised by name: opening /dev/fd/N would create another open file with its own position, and a
// socket cannot be opened that way.
std::optional<int> descriptor_named(const std::string& path) {
  if (path == "/dev/stdout") return 1;
  if (path == "/dev/stderr") return 2;
  const std::string own = "/proc/" + std::to_string(getpid()) + "/fd/";
  for (const std::string_view in : {"/dev/fd/"sv, "/proc/self/fd/"sv, std::string_view(own)}) {
    if (!path.starts_with(in)) continue;
    int number = -1;
    const char* const last = path.data() + path.size();
    const auto [end, failed] = std::from_chars(path.data() + in.size(), last, number);
    if (failed == std::errc() && end == last && number >= 0) return number;
  }
  return std::nullopt;
}

// Whether the folder is in /proc: the text of such a link need not be the path of its target.
bool has_magic_links(const std::string& folder) {
  struct statfs s{};
  return statfs(folder.empty() ? "." : folder.c_str(), &s) == 0 && s.f_type == PROC_SUPER_MAGIC;
}

std::string target_of(const std::string& link) {
  std::string text(PATH_MAX, '\0');
  const ssize_t size = readlink(link.c_str(), text.data(), text.size());
  if (size < 0) throw cannot_write(link, errno);
  text.resize(static_cast<std::size_t>(size));
  return text.starts_with('/') ? text : folder_of(link) + text;
}

}  // namespace

output_path resolve_output_path(const std::string& path) {
  output_path p;
  p.path = path;
  for (int links = 0;; ++links) {
    if (const auto number = descriptor_named(p.path)) {
      p.is = output_path::kind::descriptor;
      p.number = *number;
      // A descriptor with this flag was not inherited: it is one of our own.
      const int flags = fcntl(*number, F_GETFD);
      if (flags < 0 || (flags & FD_CLOEXEC) != 0) throw cannot_write(path, EBADF);
      return p;
    }
    struct stat s{};
    if (lstat(p.path.c_str(), &s) != 0) {
      if (errno == ENOENT) return p;
      throw cannot_write(path, errno);
    }
    if (S_ISLNK(s.st_mode)) {
      if (links == links_max) throw cannot_write(path, ELOOP);
      if (!has_magic_links(folder_of(p.path))) {
        p.path = target_of(p.path);
        continue;
      }
    }
    if (S_ISDIR(s.st_mode)) throw cannot_write(path, "it is a folder; give the name of a file");
    if (faccessat(AT_FDCWD, p.path.c_str(), W_OK, AT_EACCESS) != 0) throw cannot_write(path, errno);
    p.exists = S_ISREG(s.st_mode);
    if (!p.exists) p.is = output_path::kind::device;
    return p;
  }
}

}  // namespace tool
