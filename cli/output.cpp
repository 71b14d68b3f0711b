// SPDX-License-Identifier: MIT
#include "output.hpp"

#include "exit_codes.hpp"
#include "terminal.hpp"
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

task<output> output::open(std::string path) {
  output out;
  if (path.empty()) {
    out.screen_ = is_terminal(1);
    auto opened = co_await attempt(stdio::open(1));
    if (!opened) throw cannot_write("standard output", opened.error().code().message());
    out.standard_.emplace(std::move(*opened));
    co_return out;
  }
  // A link stays a link: the file that it leads to is the one to replace.
  std::error_code absent;
  const fs::path real = fs::canonical(path, absent);
  out.path_ = absent ? path : real.string();
  const fs::file_status status = fs::status(out.path_, absent);
  if (fs::is_directory(status)) throw cannot_write(path, "it is a directory; name a file in it");
  const bool direct = fs::exists(status) && !fs::is_regular_file(status);
  const std::string& name = direct ? out.path_ : out.part_;
  if (!direct) {
    out.part_ = out.path_ + ".part";
    // Made anew and exclusively, so that nobody's link of that name is followed.
    fs::remove(out.part_, absent);
  }
  out.file_.reset(std::fopen(name.c_str(), direct ? "wb" : "wbx"));
  if (out.file_ == nullptr) {
    out.part_.clear();
    throw cannot_write(name.empty() ? path : name, std::strerror(errno));
  }
  co_return out;
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

void output::finish() {
  if (file_ == nullptr) return;
  const std::string name = part_.empty() ? path_ : part_;
  if (std::fclose(file_.release()) != 0) throw cannot_write(name, std::strerror(errno));
  if (part_.empty()) return;
  std::error_code failed;
  fs::rename(part_, path_, failed);
  if (failed) throw cannot_write(path_, failed.message());
  part_.clear();
}

}  // namespace tool
