// SPDX-License-Identifier: MIT
#include "terminal.hpp"

#include <sys/ioctl.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace tool {

void hold_standard_descriptors() noexcept {
  // fopen takes the lowest free number. Opened the wrong way round, so that a read of 0 and a
  // write to 1 still fail with EBADF instead of finding an empty file or losing output silently.
  // The files stay open to the end of the process, which is their purpose.
  while (true) {
    std::FILE* probe = std::fopen("/dev/null", "r");
    if (probe == nullptr) return;
    const int fd = fileno(probe);
    if (fd == 0) {
      std::fclose(probe);
      if (std::fopen("/dev/null", "w") == nullptr) return;
    } else if (fd > 2) {
      std::fclose(probe);
      return;
    }
  }
}

bool is_terminal(int fd) noexcept { return isatty(fd) == 1; }

bool understands_escapes() noexcept {
  const char* term = std::getenv("TERM");
  if (term == nullptr || *term == '\0' || std::string_view(term) == "dumb") return false;
  return is_terminal(2);
}

bool owns_terminal() noexcept {
  // -1: not the controlling terminal, so there is no job control.
  const pid_t front = tcgetpgrp(2);
  if (front >= 0 && front != getpgrp()) return false;
  struct stat out{};
  termios how{};
  const bool piped = fstat(1, &out) == 0 && S_ISFIFO(out.st_mode);
  return !piped || tcgetattr(2, &how) != 0 || (how.c_lflag & ICANON) != 0;
}

int terminal_width(int fd) noexcept {
  winsize size{};
  if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

int descriptor_of(std::FILE* file) noexcept { return fileno(file); }

std::FILE* file_of(int fd) noexcept { return fdopen(fd, "w"); }

}  // namespace tool
