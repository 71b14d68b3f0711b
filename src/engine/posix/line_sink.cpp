// SPDX-License-Identifier: MIT
#include <bight/line_sink.hpp>

#include "base/names.hpp"

#include <cerrno>
#include <climits>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

namespace bight {

namespace {

constexpr duration time_at_exit = 1s;

enum class written : std::uint8_t { some, would_block, unknown, failed };

written written_of(ssize_t n) noexcept {
  if (n >= 0) return written::some;
  return errno == EAGAIN || errno == EWOULDBLOCK ? written::would_block : written::failed;
}

// Opens the same pipe or terminal again, because O_NONBLOCK on the descriptor itself would affect
// every process that shares it: fcntl(2), F_SETFL.
written write_reopened(int fd, std::string_view text, ssize_t& n) noexcept {
  char path[32];
  *fmt::format_to(path, "/proc/self/fd/{}", fd) = '\0';
  const int apart = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (apart < 0) return errno == ENXIO ? written::failed : written::unknown;  // ENXIO: no reader
  n = write(apart, text.data(), text.size());
  const written outcome = written_of(n);
  close(apart);
  return outcome;
}

// Writes once without blocking. Returns `unknown` if that is not possible for this kind of file.
written write_now(int fd, std::string_view text, ssize_t& n) noexcept {
  struct stat s{};
  if (fstat(fd, &s) != 0) return written::failed;
  if (S_ISREG(s.st_mode)) return written_of(n = write(fd, text.data(), text.size()));
  if (S_ISSOCK(s.st_mode))
    return written_of(n = send(fd, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
  // Pipes support RWF_NOWAIT since Linux 6.5; terminals do not.
  const iovec all{const_cast<char*>(text.data()), text.size()};
  n = pwritev2(fd, &all, 1, -1, RWF_NOWAIT);
  if (n >= 0 || errno == EAGAIN || errno == EPIPE) return written_of(n);
  return write_reopened(fd, text, n);
}

// Writes, and may block. Never returns `unknown` or `would_block`.
written write_patiently(int fd, std::string_view text, ssize_t& n) noexcept {
  for (;;) {
    n = write(fd, text.data(), text.size());
    if (n >= 0) return written::some;
    pollfd until{fd, POLLOUT, 0};
    if (errno == EAGAIN)
      poll(&until, 1, -1);
    else if (errno != EINTR)
      return written::failed;
  }
}

// Whole lines, at most as many as a pipe takes atomically: pipe(7), PIPE_BUF.
std::string_view front_of(std::string_view waiting) noexcept {
  const std::string_view front = waiting.substr(0, PIPE_BUF);
  const std::size_t end = front.rfind('\n');
  return end == front.npos ? front : front.substr(0, end + 1);
}

}  // namespace

struct line_sink::state {
  explicit state(int descriptor) : fd(descriptor) {}

  void add(std::string_view text);
  void add_report();
  bool has_thread();
  void write_waiting() noexcept;

  const int fd;
  std::mutex lock;  // protects the members below
  std::condition_variable changed;
  std::string waiting;  // accepted but not written
  std::uint64_t dropped = 0;
  std::uint64_t reported = 0;  // of the dropped
  callback<std::string(std::uint64_t)> describe;
  pid_t thread_of = 0;  // the process of the thread; a child of fork(2) has no thread
};

void line_sink::state::add(std::string_view text) {
  // In a child of fork(2), the parent writes the waiting lines.
  if (thread_of != 0 && thread_of != getpid()) waiting.clear();
  if (waiting.empty()) {
    ssize_t n = 0;
    const written outcome = write_now(fd, text, n);
    if (outcome == written::failed) return;  // no reader is left
    if (outcome == written::some) text.remove_prefix(static_cast<std::size_t>(n));
    if (text.empty()) return;
  } else if (waiting.size() >= limit) {
    ++dropped;
    return;
  }
  if (dropped != reported) add_report();
  waiting += text;
  if (has_thread()) changed.notify_all();
}

void line_sink::state::add_report() {
  const std::uint64_t lines = dropped - reported;
  waiting += describe ? describe(lines)
                      : fmt::format("bight: dropped {} line{} of output: its reader is too slow",
                                    lines, lines == 1 ? "" : "s");
  waiting += '\n';
  reported = dropped;
}

// Starts the thread when it is first needed. Most programs have a reader that keeps up.
bool line_sink::state::has_thread() {
  if (thread_of == getpid()) return true;
  if (thread_of == 0)
    std::atexit([] {
      static_cast<void>(standard_output().flush(time_at_exit));
      static_cast<void>(standard_error().flush(time_at_exit));
    });
  // Leave signals to the program's own threads, which may be prepared for them.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    std::thread([this] { write_waiting(); }).detach();
    thread_of = getpid();
  } catch (const std::system_error&) {}  // no threads left; tried again with the next line
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread_of == getpid();
}

void line_sink::state::write_waiting() noexcept {
  std::unique_lock held(lock);
  for (;;) {
    changed.wait(held, [this] { return !waiting.empty(); });
    char piece[PIPE_BUF];
    const std::string_view front = front_of(waiting);
    const std::size_t size = front.copy(piece, sizeof piece);
    held.unlock();
    ssize_t n = 0;
    const written outcome = write_patiently(fd, {piece, size}, n);
    held.lock();
    if (outcome == written::failed)
      waiting.clear();
    else
      waiting.erase(0, static_cast<std::size_t>(n));
    try {
      if (waiting.empty() && dropped != reported && outcome != written::failed) add_report();
    } catch (const std::bad_alloc&) {}  // tried again with the next line
    if (waiting.empty()) changed.notify_all();
  }
}

line_sink::line_sink(int descriptor) : state_(new state(descriptor)) {}

line_sink& line_sink::standard_output() {
  static line_sink& only = *new line_sink(1);
  return only;
}

line_sink& line_sink::standard_error() {
  static line_sink& only = *new line_sink(2);
  return only;
}

void line_sink::line(std::string_view text) noexcept {
  try {
    std::string whole;
    whole.reserve(text.size() + 1);
    whole.append(text) += '\n';
    write(whole);
  } catch (const std::bad_alloc&) {
    const std::lock_guard held(state_->lock);
    ++state_->dropped;
  }
}

void line_sink::write(std::string_view text) noexcept {
  const std::lock_guard held(state_->lock);
  try {
    state_->add(text);
  } catch (const std::bad_alloc&) {
    ++state_->dropped;
  }
}

bool line_sink::flush(duration at_most) noexcept {
  std::unique_lock held(state_->lock);
  const auto done = [this] { return state_->waiting.empty() || state_->thread_of != getpid(); };
  if (at_most == duration::max())
    state_->changed.wait(held, done);
  else
    state_->changed.wait_for(held, at_most, done);
  return state_->waiting.empty();
}

std::uint64_t line_sink::dropped() const noexcept {
  const std::lock_guard held(state_->lock);
  return state_->dropped;
}

void line_sink::on_dropped(callback<std::string(std::uint64_t)> describe) {
  const std::lock_guard held(state_->lock);
  state_->describe = std::move(describe);
}

}  // namespace bight
