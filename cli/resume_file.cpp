// SPDX-License-Identifier: MIT
#include "resume_file.hpp"

#include "file_io.hpp"
#include "resume_note.hpp"
#include "text.hpp"

#include <bight/sha256.hpp>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>

namespace tool {

namespace {

/// Names that are tried while others have files of these names.
constexpr int names_max = 9;
constexpr std::string_view longest_ending = ".part.9.from";
constexpr std::size_t hash_digits = 16;

// FILE, or its beginning and a hash of it when the endings would make the name too long.
std::string stem_of(const std::string& path) {
  const std::size_t at = path.rfind('/') + 1;
  const std::string folder = path.substr(0, at);
  std::string name = path.substr(at);
  const long asked = pathconf(folder.empty() ? "." : folder.c_str(), _PC_NAME_MAX);
  const std::size_t most = (asked > 64 ? static_cast<std::size_t>(asked) : 255);
  if (name.size() + longest_ending.size() <= most) return path;
  bight::sha256 digest;
  digest.update(name);
  std::size_t kept = most - longest_ending.size() - hash_digits - 1;
  // Not in the middle of a character of UTF-8, which some file systems refuse.
  while (kept > 0 && (static_cast<unsigned char>(name[kept]) & 0xC0) == 0x80) --kept;
  name.resize(kept);
  return folder + name + "~" + digest.finish().substr(0, hash_digits);
}

// Whether a file that replaces it would lack something: an ACL, a label, a user's attribute.
bool has_attributes(int fd) {
  std::array<char, 1024> names;
  const ssize_t size = flistxattr(fd, names.data(), names.size());
  if (size < 0) return errno == ERANGE;
  // SELinux labels every file, by the folder that it is in.
  const std::string_view all(names.data(), static_cast<std::size_t>(size));
  return !all.empty() && all != std::string_view("security.selinux\0", 17);
}

// Gives `fd` owner and mode of `s`, if a file with these can take its place.
bool take_after(int fd, const struct stat& s) {
  struct stat own{};
  if (s.st_nlink != 1 || (s.st_mode & 07000) != 0 || fstat(fd, &own) != 0) return false;
  const bool same_owner = own.st_uid == s.st_uid && own.st_gid == s.st_gid;
  if (!same_owner && fchown(fd, s.st_uid, s.st_gid) != 0) return false;
  return fchmod(fd, s.st_mode & 0777) == 0;
}

}  // namespace

part_file::part_file(place target) : target_(std::move(target)) {
  const std::string stem = stem_of(target_.path) + ".part";
  for (int i = 1; i <= names_max; ++i) {
    const claim c = take(i == 1 ? stem : fmt::format("{}.{}", stem, i));
    if (c == claim::taken) return;
    if (c == claim::no_room) break;
  }
  open_nameless();
}

part_file::claim part_file::take(const std::string& name) {
  bool made = false;
  marker_ = lock_note(name, made);
  if (!marker_) {
    const bool cannot =
        errno == EACCES || errno == EPERM || errno == EROFS || errno == ENAMETOOLONG;
    if (errno == EEXIST) return claim::not_ours;
    if (cannot && target_.exists) return claim::no_room;
    throw cannot_write(target_.path, errno);
  }
  const std::optional<part_note> note = part_note::read(marker_.get());
  file_ = descriptor(
      open(name.c_str(), O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat s{};
  const bool absent = !file_ && errno == ENOENT;
  if (absent && (note || is_empty(marker_.get()))) return create(name);
  if (file_ && note && fstat(file_.get(), &s) == 0 && is_own_file(s) && note->is_of(s)) {
    name_ = name;
    noted_ = note->about;
    size_ = static_cast<std::uint64_t>(s.st_size);
    return claim::taken;
  }
  if (made) remove_note(name);
  file_ = descriptor();
  marker_ = descriptor();
  return claim::not_ours;
}

part_file::claim part_file::create(const std::string& name) {
  name_ = name;
  // A process that dies behind this line leaves a note without an inode, and its part is found.
  write_note();
  struct stat old{};
  const bool known = target_.exists && stat(target_.path.c_str(), &old) == 0;
  const int flags = O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  file_ = descriptor(open(name.c_str(), flags, known ? 0600 : 0666));
  if (!file_) {
    const int reason = errno;
    remove_note(name);
    marker_ = descriptor();
    name_.clear();
    if (reason == EEXIST) return claim::not_ours;
    throw cannot_write(target_.path, reason);
  }
  // What the file hides from others, its part does not show. A file system without modes refuses.
  if (known) static_cast<void>(fchmod(file_.get(), (old.st_mode & 0777) | 0600));
  write_note();
  return claim::taken;
}

void part_file::open_nameless() {
  std::error_code none;
  std::string name = (std::filesystem::temp_directory_path(none) / "bight-XXXXXX").string();
  file_ = descriptor(mkostemp(name.data(), O_APPEND | O_CLOEXEC));
  if (!file_) throw cannot_write(name, errno);
  unlink(name.c_str());
}

part_file::~part_file() {
  if (file_ && size_ == 0) discard();
}

void part_file::write_note() {
  if (!marker_) return;
  struct stat s{};
  const bool known = file_ && fstat(file_.get(), &s) == 0;
  const part_note note{noted_, known ? std::optional(part_note::inode_of(s)) : std::nullopt};
  try {
    note.write(marker_.get(), name_);
  } catch (const failure&) {
    // Without its note nobody would find it again.
    discard();
    throw;
  }
}

void part_file::note(resume_point p) {
  noted_ = std::move(p);
  write_note();
}

void part_file::write(std::string_view bytes) {
  const std::string& shown_as = name_.empty() ? target_.path : name_;
  try {
    write_all(file_.get(), bytes, shown_as);
    size_ += bytes.size();
  } catch (const failure&) {
    // Some of it may have gone; that much is a beginning too.
    struct stat s{};
    if (fstat(file_.get(), &s) == 0) size_ = static_cast<std::uint64_t>(s.st_size);
    throw;
  }
}

void part_file::truncate(std::uint64_t size) {
  if (ftruncate(file_.get(), static_cast<off_t>(size)) != 0) throw cannot_write(name_, errno);
  size_ = size;
}

void part_file::read(const std::function<void(std::string_view)>& each) const {
  std::array<char, 65536> piece;
  for (std::uint64_t at = 0; at < size_;) {
    const ssize_t count = pread(file_.get(), piece.data(), piece.size(), static_cast<off_t>(at));
    if (count <= 0) throw cannot_write(name_, count < 0 ? errno : EIO);
    each({piece.data(), static_cast<std::size_t>(count)});
    at += static_cast<std::uint64_t>(count);
  }
}

// Somebody may have removed the part, or put another file in its place. The bytes are still here.
bool part_file::has_its_name() const noexcept {
  struct stat own{};
  struct stat named{};
  return !name_.empty() && fstat(file_.get(), &own) == 0 && lstat(name_.c_str(), &named) == 0 &&
         part_note::inode_of(own) == part_note::inode_of(named);
}

bool part_file::replace(bool fresh) {
  const descriptor old(open(target_.path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat s{};
  if (old && (fresh || fstat(old.get(), &s) != 0)) throw cannot_write(target_.path, EEXIST);
  if (old && !S_ISREG(s.st_mode))
    throw cannot_write(target_.path, "it is no longer a regular file");
  if (!has_its_name()) return false;
  if (old) {
    const descriptor readable(open(target_.path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!readable || has_attributes(readable.get()) || has_attributes(file_.get()) ||
        !take_after(file_.get(), s))
      return false;
  }
  if (rename_file(name_, target_.path, fresh)) return true;
  // A mount point, a file that is open for execution elsewhere, a folder that is sticky.
  const bool other_way =
      old && (errno == EBUSY || errno == EPERM || errno == EACCES || errno == EXDEV);
  if (!other_way) throw cannot_write(target_.path, errno);
  return false;
}

void part_file::finish(bool fresh) {
  check_written(file_.get(), name_.empty() ? target_.path : name_);
  if (!replace(fresh)) {
    copy_over(file_.get(), size_, target_.path);
    if (has_its_name()) unlink(name_.c_str());
  }
  if (!name_.empty()) remove_note(name_);
  name_.clear();
  file_ = descriptor();
  marker_ = descriptor();
}

void part_file::discard() noexcept {
  if (!name_.empty()) {
    if (has_its_name()) unlink(name_.c_str());
    remove_note(name_);
  }
  name_.clear();
  size_ = 0;
}

}  // namespace tool
