// SPDX-License-Identifier: MIT
#include "terminal.hpp"

#include "units.hpp"

#include <bight/line_sink.hpp>

#include <fmt/core.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

namespace tool {

using namespace std::chrono_literals;

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

int terminal_width() noexcept {
  winsize size{};
  if (ioctl(2, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

int descriptor_of(std::FILE* file) noexcept { return fileno(file); }

std::FILE* file_of(int fd) noexcept { return fdopen(fd, "w"); }

std::string progress_bar::line(std::uint64_t done, std::uint64_t total, std::uint64_t had,
                               bight::duration elapsed, int width) {
  const double seconds = std::max(1e-3, static_cast<double>(elapsed.count()) / 1e9);
  const double rate = static_cast<double>(done - std::min(had, done)) / seconds;
  const std::string speed = shown_size(static_cast<std::uint64_t>(rate)) + "/s";
  if (total == 0) {
    std::string text = fmt::format("{}  {}", shown_size(done), speed);
    return text.substr(0, static_cast<std::size_t>(std::max(0, width - 1)));
  }
  const double share = std::min(
      1.0, static_cast<double>(done) / static_cast<double>(std::max<std::uint64_t>(1, total)));
  std::string left = "?";
  if (rate > 0 && total >= done) {
    const double wait = static_cast<double>(total - done) / rate;
    left = wait < 360000
               ? fmt::format("{}:{:02}", static_cast<int>(wait) / 60, static_cast<int>(wait) % 60)
               : "long";
  }
  const std::string tail =
      fmt::format(" {} of {}  {}  {} left", shown_size(done), shown_size(total), speed, left);
  std::string text = fmt::format("{:3}%", static_cast<int>(share * 100));
  const int room = width - 1 - static_cast<int>(text.size() + tail.size()) - 3;
  if (room >= 4) {
    const int bar = std::min(room, 40);
    const int full = static_cast<int>(share * bar);
    text += fmt::format(" [{:#<{}}{:<{}}]", "", full, "", bar - full);
  }
  text += tail;
  return text.substr(0, static_cast<std::size_t>(std::max(0, width - 1)));
}

void progress_bar::update(std::uint64_t done, bight::time_point now) {
  if (!visible_ || now < next_) return;
  next_ = now + 100ms;
  if (now - start_ < 200ms) return;  // what is over at once needs no bar
  const std::string text = line(done, total_, had_, now - start_, terminal_width());
  bight::line_sink::standard_error().write("\r\x1b[K" + text);
  drawn_ = true;
}

void progress_bar::clear() noexcept {
  if (!drawn_) return;
  bight::line_sink::standard_error().write("\r\x1b[K");
  drawn_ = false;
}

}  // namespace tool
