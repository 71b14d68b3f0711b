// SPDX-License-Identifier: MIT
#include "download.hpp"

#include "exit_codes.hpp"
#include "text.hpp"
#include "units.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace tool {

using namespace bight;

namespace {

// The loop's time; programs have no other.
task<time_point> loop_now() { co_return (co_await current_context()).sched().now(); }

}  // namespace

task<> download::begin(std::optional<std::uint64_t> length) {
  length_ = length.value_or(0);
  start_ = co_await loop_now();
  if (length_ > size_max_)
    throw failure(exit_code::other,
                  failed(fmt::format("{} would come, and --max-size allows {}", shown_size(length_),
                                     shown_size(size_max_))));
  const bool visible = is_terminal(2) && !voice_.quiet && !voice_.json && !out_.is_screen();
  bar_.emplace(visible, length_, start_);
}

task<> download::store(std::string_view bytes) {
  if (bytes.empty()) co_return;
  if (received_ == 0 && out_.is_screen() && looks_binary(bytes))
    throw failure(exit_code::cannot_write,
                  failed("it is binary, and this is a terminal; give -o FILE, or a pipe"));
  if (bytes.size() > size_max_ - received_)
    throw failure(exit_code::other, failed(fmt::format("more than {} came, the limit of --max-size",
                                                       shown_size(size_max_))));
  co_await out_.write(bytes);
  received_ += bytes.size();
  const time_point now = co_await loop_now();
  bar_->update(received_, now);
}

task<> download::finish() {
  bar_.reset();
  const bool saved = to_file();
  out_.finish();
  const time_point now = co_await loop_now();
  const duration took = now - start_;
  const double seconds = std::max(1e-3, static_cast<double>(took.count()) / 1e9);
  const auto rate = static_cast<std::uint64_t>(static_cast<double>(received_) / seconds);
  const std::string line = fmt::format("{}: {} in {} ({}/s)", what_, shown_size(received_),
                                       shown_duration(took), shown_size(rate));
  if (saved && is_terminal(2))
    voice_.note(line);
  else
    voice_.detail(line);
  voice_.event("done", {{"url", what_},
                        {"bytes", static_cast<std::int64_t>(received_)},
                        {"ms", std::int64_t{took / 1ms}}});
}

task<> download::show(std::string_view text) {
  if (!to_file()) {
    co_await out_.write(text);
    co_return;
  }
  output screen = co_await output::open("");
  co_await screen.write(text);
}

std::string download::failed(std::string_view reason) {
  bar_.reset();
  std::string text = fmt::format("get {}: {}", shown(what_), reason);
  if (length_ > 0 && received_ > 0)
    text += fmt::format("; {} of {} bytes had come", received_, length_);
  else if (received_ > 0)
    text += fmt::format("; {} had come", shown_size(received_));
  if (!out_.kept().empty()) text += fmt::format(", kept in {}", shown(out_.kept()));
  return text;
}

}  // namespace tool
