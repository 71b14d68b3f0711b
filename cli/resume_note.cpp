// SPDX-License-Identifier: MIT
#include "resume_note.hpp"

#include "file_io.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <vector>

namespace tool {

namespace {

/// A URL and a validator of bounded length, and three short lines.
constexpr std::size_t note_max = bight::http::url::size_max + 3000;
constexpr std::size_t validator_max = 1000;
/// Other processes that may have removed the note between our looking and our locking it.
constexpr int tries_max = 100;

std::string note_name(const std::string& part) { return part + ".from"; }

// One line, so that what follows is the next field.
std::string line_of(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text + '\n';
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t n = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return n;
}

bool same_file(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

}  // namespace

bool is_own_file(const struct stat& s) noexcept {
  return S_ISREG(s.st_mode) && s.st_nlink == 1 && s.st_uid == geteuid();
}

bool is_empty(int fd) noexcept {
  struct stat s{};
  return fstat(fd, &s) == 0 && s.st_size == 0;
}

resume_note::inode resume_note::inode_of(const struct stat& s) noexcept {
  return {static_cast<std::uint64_t>(s.st_dev), static_cast<std::uint64_t>(s.st_ino)};
}

std::optional<resume_note> resume_note::read(int marker) {
  std::string text(note_max, '\0');
  const ssize_t size = pread(marker, text.data(), text.size(), 0);
  text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
  const std::vector<std::string> lines = lines_of(text);
  if (lines.size() < 2 || lines[1].size() > validator_max) return std::nullopt;
  resume_note n;
  n.point.url = lines[0];
  n.point.validator = lines[1];
  // A note of two lines names no file.
  if (lines.size() < 5) return n;
  const std::size_t blank = std::min(lines[2].find(' '), lines[2].size());
  const auto device = number(std::string_view(lines[2]).substr(0, blank));
  const auto inode =
      number(std::string_view(lines[2]).substr(std::min(blank + 1, lines[2].size())));
  if (device && inode) n.part = {*device, *inode};
  n.point.total = number(lines[3]);
  n.point.coding = lines[4];
  return n;
}

void resume_note::write(int marker, const std::string& name) const {
  std::string text = line_of(point.url);
  text += point.validator.size() > validator_max ? "\n" : line_of(point.validator);
  text += part ? fmt::format("{} {}\n", part->first, part->second) : "\n";
  text += point.total ? fmt::format("{}\n", *point.total) : "\n";
  text += line_of(point.coding);
  // One call, and the rest of a longer note after it: a process that is killed in between leaves
  // lines that nobody reads.
  const ssize_t written = pwrite(marker, text.data(), text.size(), 0);
  if (written != static_cast<ssize_t>(text.size()))
    throw cannot_write(note_name(name), written < 0 ? errno : ENOSPC);
  if (ftruncate(marker, written) != 0) throw cannot_write(note_name(name), errno);
}

descriptor lock_note(const std::string& part, bool& made) {
  const std::string name = note_name(part);
  constexpr int flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  for (int i = 0; i < tries_max; ++i) {
    descriptor note(open(name.c_str(), flags | O_CREAT | O_EXCL, 0600));
    made = static_cast<bool>(note);
    if (!note && errno != EEXIST) return note;
    if (!note) note = descriptor(open(name.c_str(), flags));
    if (!note && errno == ENOENT) continue;
    struct stat ours{};
    struct stat named{};
    if (!note || fstat(note.get(), &ours) != 0 || !S_ISREG(ours.st_mode) ||
        ours.st_uid != geteuid() || ours.st_nlink > 1) {
      errno = EEXIST;
      return {};
    }
    if (flock(note.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK) break;
      // A file system without locks: what we have just created is ours, and nothing else.
      if (made) return note;
      errno = EEXIST;
      return {};
    }
    // Its last owner may have removed it before we had the lock.
    const bool there = lstat(name.c_str(), &named) == 0 && same_file(ours, named);
    if (there) return note;
  }
  throw cannot_write(part, "another bight process is downloading it");
}

// Not with note_name(): a download that found no memory has none for a name either.
void remove_note(const std::string& part) noexcept {
  std::array<char, PATH_MAX> name{};
  fmt::format_to_n(name.data(), name.size() - 1, "{}.from", part);
  unlink(name.data());
}

}  // namespace tool
