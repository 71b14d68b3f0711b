// SPDX-License-Identifier: MIT
#include "output.hpp"

#include "exit_codes.hpp"
#include "text.hpp"

#include <bight/deadline.hpp>
#include <bight/error.hpp>

#include <fmt/core.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace tool {

namespace fs = std::filesystem;
using namespace bight;

namespace {

failure cannot_write(std::string_view path, std::string_view reason) {
  return {exit_code::cannot_write, fmt::format("write {}: {}", shown(path), reason)};
}

}  // namespace

task<output> output::open(std::string path, options how) {
  output out;
  if (path.empty() || path == "-") {
    out.screen_ = is_terminal(1);
    auto opened = co_await attempt(stdio::open(1));
    if (!opened) throw cannot_write("standard output", opened.error().code().message());
    out.standard_.emplace(std::move(*opened));
    co_return out;
  }
  out.fresh_ = how.fresh;
  // A link stays a link: the file that it leads to is the one to replace.
  std::error_code absent;
  const fs::path real = fs::canonical(path, absent);
  out.path_ = absent ? path : real.string();
  const fs::file_status status = fs::status(out.path_, absent);
  if (fs::is_directory(status)) throw cannot_write(path, "it is a directory; name a file in it");
  if (how.fresh && fs::exists(fs::symlink_status(path)))
    throw cannot_write(
        path, fmt::format("it exists; -o {} replaces it, -o FILE takes another name", shown(path)));
  if (!fs::exists(status) || fs::is_regular_file(status)) {
    out.open_part(path, how.keep);
  } else {
    out.file_.reset(std::fopen(out.path_.c_str(), "wbe"));
    if (out.file_ == nullptr) throw cannot_write(path, std::strerror(errno));
  }
  co_return out;
}

void output::open_part(const std::string& path, bool keep) {
  std::string name = path_ + ".part";
  const auto lock = [&] {
    if (!lock_file(file_.get())) throw cannot_write(path, "another bight is at it");
  };
  file_ = open_to_append(name);
  if (file_ != nullptr) lock();
  if (keep && file_ != nullptr) {
    std::error_code unknown;
    written_ = fs::file_size(name, unknown);
    if (unknown) written_ = 0;
  } else {
    // Made anew and exclusively, so that nobody's link of that name is followed.
    file_ = create_anew(name);
    if (file_ == nullptr) throw cannot_write(path, std::strerror(errno));
    lock();
  }
  part_ = std::move(name);
}

void output::restart() {
  if (written_ == 0 || file_ == nullptr) return;
  if (!empty_file(file_.get())) throw cannot_write(part_, std::strerror(errno));
  written_ = 0;
}

output::~output() {
  if (file_ == nullptr || part_.empty()) return;
  file_.reset();
  std::error_code ignored;
  if (written_ == 0) fs::remove(part_, ignored);
}

std::string output::kept() const { return written_ == 0 ? std::string() : part_; }

task<> output::write(std::string_view bytes) {
  if (bytes.empty()) co_return;
  if (file_ != nullptr) {
    if (std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size())
      throw cannot_write(part_.empty() ? path_ : part_, std::strerror(errno));
    written_ += bytes.size();
    co_return;
  }
  std::string safe;
  if (screen_) {
    safe = for_terminal(bytes);
    bytes = safe;
  }
  auto sent = co_await attempt(standard_->send(bytes));
  if (sent) {
    written_ += bytes.size();
    co_return;
  }
  const error& e = sent.error();
  if (e.is(errc::cancelled)) throw e;
  // A reader that has seen enough (`| head -1`) is no news to anybody.
  if (e.code() == std::errc::broken_pipe) throw failure(exit_code::cannot_write, "");
  throw cannot_write("standard output", e.code().message());
}

void output::discard() noexcept {
  std::error_code ignored;
  if (!part_.empty()) fs::remove(part_, ignored);
  written_ = 0;
}

void output::finish() {
  if (file_ == nullptr) return;
  const std::string name = part_.empty() ? path_ : part_;
  // Renamed before it is closed, so that it is ours to the end.
  if (std::fflush(file_.get()) != 0) throw cannot_write(name, std::strerror(errno));
  if (!part_.empty() && !rename_file(part_, path_, fresh_))
    throw cannot_write(path_, std::strerror(errno));
  if (std::fclose(file_.release()) != 0) throw cannot_write(path_, std::strerror(errno));
  part_.clear();
}

}  // namespace tool
