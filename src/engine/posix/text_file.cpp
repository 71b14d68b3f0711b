// SPDX-License-Identifier: MIT
#include "engine/posix/text_file.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace bight::posix {

namespace {

// As in glibc: __resolv_conf_load() in resolv/res_init.c.
bool is_lasting(int number) noexcept {
  switch (number) {
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
    case EISDIR:
    case EACCES:
    case EPERM: return true;
    default: return false;
  }
}

// The text for a file that cannot be opened.
std::string no_text(int number, const char* path) {
  if (is_lasting(number)) return {};
  throw std::system_error(number, std::system_category(), path);
}

}  // namespace

std::string read_file(const char* path) {
  constexpr std::size_t file_max = std::size_t{64} << 20;
  std::string text;
  // O_NONBLOCK, because a FIFO under that name must not block the loop.
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return no_text(errno, path);
  struct closer {
    int fd;
    ~closer() { ::close(fd); }
  } const close_at_end{fd};
  char piece[4096];
  for (;;) {
    const ssize_t n = ::read(fd, piece, sizeof piece);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return no_text(errno, path);
    if (text.size() > file_max) return no_text(EFBIG, path);
    if (n == 0) return text;
    text.append(piece, static_cast<std::size_t>(n));
  }
}

std::string_view next_line(std::string_view& text) noexcept {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

std::string_view next_word(std::string_view& line) noexcept {
  constexpr std::string_view blanks = " \t\r\f\v";
  line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
  const std::size_t end = std::min(line.find_first_of(blanks), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(end);
  return word;
}

}  // namespace bight::posix
