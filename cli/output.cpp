// SPDX-License-Identifier: MIT
#include "output.hpp"

#include "exit_codes.hpp"
#include "file_io.hpp"
#include "output_path.hpp"
#include "terminal.hpp"
#include "text.hpp"

#include <bight/deadline.hpp>
#include <bight/error.hpp>

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>

#include <cerrno>

namespace tool {

using namespace bight;

namespace {

/// How often to check whether a FIFO has a reader: the kernel has no event for that.
constexpr duration reader_check = 20ms;

std::string name_of(const std::string& path) { return path.empty() ? "standard output" : path; }

// Opens a device or a FIFO. Waits for the reader of a FIFO, as open(2) without O_NONBLOCK does, but
// the loop keeps running, so Ctrl-C works.
task<descriptor> open_device(const std::string& path) {
  for (;;) {
    const int flags = O_WRONLY | O_TRUNC | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    descriptor opened(::open(path.c_str(), flags));
    if (opened) co_return std::move(opened);
    const int reason = errno;
    struct stat s{};
    const bool fifo = stat(path.c_str(), &s) == 0 && S_ISFIFO(s.st_mode);
    if (reason != ENXIO || !fifo) throw cannot_write(path, reason);
    co_await sleep(reader_check);
  }
}

descriptor open_log(const std::string& path) {
  const int flags = O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
  descriptor opened(::open(path.c_str(), flags, 0666));
  if (!opened) throw cannot_write(path, errno);
  return opened;
}

task<stdio> stream_of(int fd, const std::string& path) {
  auto opened = co_await attempt(stdio::open(fd));
  if (!opened) throw cannot_write(name_of(path), opened.error().code().message());
  co_return std::move(*opened);
}

}  // namespace

task<output> output::open(std::string path, options how) {
  output out;
  if (path.empty() || path == "-") path = "/dev/stdout";
  struct stat s{};
  if (how.fresh && lstat(path.c_str(), &s) == 0)
    throw cannot_write(
        path, fmt::format("the file exists; use -o {} to replace it, or -o FILE for another name",
                          shown(path)));
  output_path where = resolve_output_path(path);
  const bool standard = where.is == output_path::kind::descriptor && where.number == 1;
  if (!standard) out.path_ = where.path;
  out.fresh_ = how.fresh;
  int fd = where.number;
  if (where.is == output_path::kind::file && !how.append) {
    out.part_.emplace(std::move(where));
    co_return out;
  }
  if (where.is == output_path::kind::file) {
    out.own_ = open_log(where.path);
    fd = out.own_.get();
  } else if (where.is == output_path::kind::device) {
    out.own_ = co_await open_device(where.path);
    fd = out.own_.get();
  }
  out.fd_ = fd;
  if (is_terminal(fd)) out.screen_.emplace();
  stdio stream = co_await stream_of(fd, out.path_);
  out.stream_.emplace(std::move(stream));
  co_return out;
}

task<> output::write(std::string_view bytes) {
  if (bytes.empty()) co_return;
  if (part_) {
    part_->write(bytes);
    co_return;
  }
  std::string safe;
  const std::size_t size = bytes.size();
  if (screen_) {
    safe = screen_->take(bytes);
    bytes = safe;
    if (bytes.empty()) {  // an incomplete character
      written_ += size;
      co_return;
    }
  }
  const fair_lock::guard mine = co_await write_lock_->acquire();
  auto sent = co_await attempt(stream_->send(bytes));
  if (sent) {
    written_ += size;
    co_return;
  }
  const error& e = sent.error();
  if (e.is(errc::cancelled)) throw e;
  // No message: the reader of the pipe (`| head -1`) has exited.
  if (e.code() == std::errc::broken_pipe) throw failure(exit_code::cannot_write, "");
  throw cannot_write(name_of(path_), e.code().message());
}

void output::restart(std::uint64_t size) {
  if (part_ && part_->size() > size) part_->truncate(size);
}

void output::note(resume_point p) {
  if (part_) part_->note(std::move(p));
}

void output::read(const std::function<void(std::string_view)>& each) const {
  if (part_) part_->read(each);
}

std::string output::kept() const {
  return part_ && part_->size() > 0 ? part_->name() : std::string();
}

void output::discard() noexcept {
  if (part_) part_->discard();
}

void output::finish() {
  if (screen_) write_all(fd_, screen_->finish(), name_of(path_));
  if (!part_) return check_written(fd_, name_of(path_));
  written_ = part_->size();
  part_->finish(fresh_);
  part_.reset();
}

}  // namespace tool
