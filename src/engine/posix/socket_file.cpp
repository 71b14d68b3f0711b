// SPDX-License-Identifier: MIT
#include "engine/posix/socket_file.hpp"

#include <array>
#include <cerrno>
#include <climits>
#include <ctime>
#include <new>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bight::posix {

namespace {

std::string absolute(const std::string& path) {
  std::array<char, PATH_MAX> folder;
  const bool known =
      path.front() != '/' && getcwd(folder.data(), folder.size()) != nullptr && folder[0] == '/';
  return known ? std::string(folder.data()) + "/" + path : path;
}

// Held while a file is replaced or removed. Otherwise, of two servers that start at once, one could
// take the other's new file for the leftover that both have seen. It locks the folder, so it needs
// no file, and it does not wait long for another holder.
class folder_lock {
 public:
  explicit folder_lock(const std::string& path) {
    constexpr int tries = 50;
    constexpr timespec pause{0, 1'000'000};
    const std::string folder = path.substr(0, path.rfind('/') + 1);
    fd_ = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int i = 0; fd_ >= 0 && flock(fd_, LOCK_EX | LOCK_NB) != 0 && i < tries; ++i)
      nanosleep(&pause, nullptr);
  }
  ~folder_lock() {
    if (fd_ < 0) return;
    flock(fd_, LOCK_UN);  // a child process may have the descriptor too
    ::close(fd_);
  }
  folder_lock(const folder_lock&) = delete;
  folder_lock& operator=(const folder_lock&) = delete;

 private:
  int fd_;
};

}  // namespace

socket_file::socket_file(int fd, const std::string& path) : fd_(fd), path_(absolute(path)) {}

std::error_code socket_file::bind(const socket_name& name) {
  const folder_lock alone(path_);
  const auto bind_once = [&] { return ::bind(fd_, name.get(), name.length) == 0 ? 0 : errno; };
  int failed = bind_once();
  if (failed == EADDRINUSE) {
    failed = in_use(name);
    if (failed == 0) failed = unlink(path_.c_str()) == 0 ? bind_once() : EADDRINUSE;
  }
  if (failed != 0) return {failed, std::system_category()};
  note();
  return {};
}

void socket_file::note() noexcept {
  struct stat made{};
  if (lstat(path_.c_str(), &made) != 0) return;
  device_ = made.st_dev;
  inode_ = made.st_ino;
  owner_ = getpid();
}

// Connecting a datagram socket does not disturb a stream server. It distinguishes a socket that is
// bound but does not listen yet (EPROTOTYPE) from none at all (ECONNREFUSED), because the kernel
// looks for a socket of any type first (unix_find_bsd() in net/unix/af_unix.c). It also refuses
// files that are not sockets, so the file's type is checked last.
int socket_file::in_use(const socket_name& name) const noexcept {
  const int probe = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (probe < 0) return errno;
  const bool refused = connect(probe, name.get(), name.length) != 0 && errno == ECONNREFUSED;
  ::close(probe);
  struct stat there{};
  const bool stale = refused && lstat(path_.c_str(), &there) == 0 && S_ISSOCK(there.st_mode);
  return stale ? 0 : EADDRINUSE;
}

void socket_file::remove() const noexcept {
  if (owner_ == 0 || owner_ != getpid()) return;
  try {
    const folder_lock alone(path_);
    struct stat there{};
    if (lstat(path_.c_str(), &there) != 0) return;
    if (there.st_dev == device_ && there.st_ino == inode_) unlink(path_.c_str());
  } catch (const std::bad_alloc&) {  // the file stays, as after a crash
  }
}

}  // namespace bight::posix
