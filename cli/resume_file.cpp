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

/// Names to try if files that are not ours have the first ones.
constexpr int names_max = 9;
constexpr std::string_view longest_ending = ".part.9.from";
constexpr std::size_t hash_digits = 16;

// FILE; if FILE.part.9.from would be too long, the beginning of FILE and a hash of it.
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
  // Some file systems refuse a name that is cut within a UTF-8 character.
  while (kept > 0 && (static_cast<unsigned char>(name[kept]) & 0xC0) == 0x80) --kept;
  name.resize(kept);
  return folder + name + "~" + digest.finish().substr(0, hash_digits);
}

// Whether the file has extended attributes (ACLs, labels) that a replacement would not have.
bool has_attributes(int fd) {
  std::array<char, 1024> names;
  const ssize_t size = flistxattr(fd, names.data(), names.size());
  if (size < 0) return errno == ERANGE;
  // SELinux labels every file by its folder, so a replacement gets the same label.
  const std::string_view all(names.data(), static_cast<std::size_t>(size));
  return !all.empty() && all != std::string_view("security.selinux\0", 17);
}

// Gives `fd` owner and mode of `s`, if a file with these can replace it.
bool take_after(int fd, const struct stat& s) {
  struct stat own{};
  if (s.st_nlink != 1 || (s.st_mode & 07000) != 0 || fstat(fd, &own) != 0) return false;
  const bool same_owner = own.st_uid == s.st_uid && own.st_gid == s.st_gid;
  if (!same_owner && fchown(fd, s.st_uid, s.st_gid) != 0) return false;
  return fchmod(fd, s.st_mode & 0777) == 0;
}

}  // namespace

resume_file::resume_file(output_path target) : target_(std::move(target)) {
  const std::string stem = stem_of(target_.path) + ".part";
  for (int i = 1; i <= names_max; ++i) {
    const claim c = take(i == 1 ? stem : fmt::format("{}.{}", stem, i));
    if (c == claim::taken) return;
    if (c == claim::no_room) break;
  }
  open_nameless();
}

resume_file::claim resume_file::take(const std::string& name) {
  bool made = false;
  note_file_ = lock_note(name, made);
  if (!note_file_) {
    const bool cannot =
        errno == EACCES || errno == EPERM || errno == EROFS || errno == ENAMETOOLONG;
    if (errno == EEXIST) return claim::not_ours;
    if (cannot && target_.exists) return claim::no_room;
    throw cannot_write(target_.path, errno);
  }
  const std::optional<resume_note> note = resume_note::read(note_file_.get());
  file_ = descriptor(
      open(name.c_str(), O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat s{};
  const bool absent = !file_ && errno == ENOENT;
  if (absent && (note || is_empty(note_file_.get()))) return create(name);
  if (file_ && note && fstat(file_.get(), &s) == 0 && is_own_file(s) && note->is_of(s)) {
    name_ = name;
    noted_ = note->point;
    size_ = static_cast<std::uint64_t>(s.st_size);
    return claim::taken;
  }
  if (made) remove_note(name);
  file_ = descriptor();
  note_file_ = descriptor();
  return claim::not_ours;
}

resume_file::claim resume_file::create(const std::string& name) {
  name_ = name;
  // If the process is killed after this line, the note has no inode, and the part is still found.
  write_note();
  struct stat old{};
  const bool known = target_.exists && stat(target_.path.c_str(), &old) == 0;
  const int flags = O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  file_ = descriptor(open(name.c_str(), flags, known ? 0600 : 0666));
  if (!file_) {
    const int reason = errno;
    remove_note(name);
    note_file_ = descriptor();
    name_.clear();
    if (reason == EEXIST) return claim::not_ours;
    throw cannot_write(target_.path, reason);
  }
  // The part is not more readable than the file. Ignored by file systems without modes.
  if (known) static_cast<void>(fchmod(file_.get(), (old.st_mode & 0777) | 0600));
  write_note();
  return claim::taken;
}

void resume_file::open_nameless() {
  std::error_code none;
  std::string name = (std::filesystem::temp_directory_path(none) / "bight-XXXXXX").string();
  file_ = descriptor(mkostemp(name.data(), O_APPEND | O_CLOEXEC));
  if (!file_) throw cannot_write(name, errno);
  unlink(name.c_str());
}

resume_file::~resume_file() {
  if (file_ && size_ == 0) discard();
}

void resume_file::write_note() {
  if (!note_file_) return;
  struct stat s{};
  const bool known = file_ && fstat(file_.get(), &s) == 0;
  const resume_note note{noted_, known ? std::optional(resume_note::inode_of(s)) : std::nullopt};
  try {
    note.write(note_file_.get(), name_);
  } catch (const failure&) {
    // Without its note, the part could not be resumed.
    discard();
    throw;
  }
}

void resume_file::note(resume_point p) {
  noted_ = std::move(p);
  write_note();
}

void resume_file::write(std::string_view bytes) {
  const std::string& shown_as = name_.empty() ? target_.path : name_;
  try {
    write_all(file_.get(), bytes, shown_as);
    size_ += bytes.size();
  } catch (const failure&) {
    // Some bytes may have been written; they can be resumed.
    struct stat s{};
    if (fstat(file_.get(), &s) == 0) size_ = static_cast<std::uint64_t>(s.st_size);
    throw;
  }
}

void resume_file::truncate(std::uint64_t size) {
  if (ftruncate(file_.get(), static_cast<off_t>(size)) != 0) throw cannot_write(name_, errno);
  size_ = size;
}

void resume_file::read(const std::function<void(std::string_view)>& each) const {
  std::array<char, 65536> piece;
  for (std::uint64_t at = 0; at < size_;) {
    const ssize_t count = pread(file_.get(), piece.data(), piece.size(), static_cast<off_t>(at));
    if (count <= 0) throw cannot_write(name_, count < 0 ? errno : EIO);
    each({piece.data(), static_cast<std::size_t>(count)});
    at += static_cast<std::uint64_t>(count);
  }
}

// Another process may have removed the .part file, or replaced it. The open descriptor still has
// the bytes.
bool resume_file::has_its_name() const noexcept {
  struct stat own{};
  struct stat named{};
  return !name_.empty() && fstat(file_.get(), &own) == 0 && lstat(name_.c_str(), &named) == 0 &&
         resume_note::inode_of(own) == resume_note::inode_of(named);
}

bool resume_file::replace(bool fresh) {
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
  // A mount point, a running executable, or a sticky folder.
  const bool other_way =
      old && (errno == EBUSY || errno == EPERM || errno == EACCES || errno == EXDEV);
  if (!other_way) throw cannot_write(target_.path, errno);
  return false;
}

void resume_file::finish(bool fresh) {
  check_written(file_.get(), name_.empty() ? target_.path : name_);
  if (!replace(fresh)) {
    copy_over(file_.get(), size_, target_.path);
    if (has_its_name()) unlink(name_.c_str());
  }
  if (!name_.empty()) remove_note(name_);
  name_.clear();
  file_ = descriptor();
  note_file_ = descriptor();
}

void resume_file::discard() noexcept {
  if (!name_.empty()) {
    if (has_its_name()) unlink(name_.c_str());
    remove_note(name_);
  }
  name_.clear();
  size_ = 0;
}

}  // namespace tool
