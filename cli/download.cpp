// SPDX-License-Identifier: MIT
#include "download.hpp"

#include "exit_codes.hpp"
#include "run_command.hpp"
#include "terminal.hpp"
#include "text.hpp"
#include "units.hpp"

#include <bight/deadline.hpp>

#include <fmt/core.h>

#include <algorithm>

namespace tool {

using namespace bight;

task<> download::begin(std::optional<std::uint64_t> rest) {
  resumed_ = received();
  length_ = rest ? resumed_ + *rest : 0;
  start_ = co_await loop_now();
  if (length_ > options_.size_max)
    throw failure(exit_code::other,
                  failed(fmt::format("the size is {}, but --max-size allows {}",
                                     shown_size(length_), shown_size(options_.size_max))));
  // What an earlier process has written goes into the digest too.
  if (!options_.sha256.empty() && (!digest_ || digested_ != resumed_)) {
    digest_.emplace();
    out_.read([this](std::string_view piece) { digest_->update(piece); });
    digested_ = resumed_;
  }
  progress_.begin(length_, resumed_, start_);
}

task<> download::store(std::string_view bytes) {
  if (bytes.empty()) co_return;
  if (received() == 0 && out_.is_screen() && looks_binary(bytes))
    throw failure(exit_code::cannot_write,
                  failed("binary data is not printed on a terminal; use -o FILE or a pipe"));
  if (received() + bytes.size() > options_.size_max)
    throw failure(exit_code::other,
                  failed(fmt::format("received more than {}, the limit of --max-size",
                                     shown_size(options_.size_max))));
  if (digest_) digest_->update(bytes);
  digested_ += bytes.size();
  if (out_.is_screen()) {
    progress_.stop();
    log_.unpaint();
  }
  progress_.hold(progress::pause::output);
  co_await out_.write(bytes);
  progress_.hold(progress::pause::none);
  const time_point now = co_await loop_now();
  progress_.add(received(), now);
  if (options_.rate_max == 0) co_return;
  const double due =
      static_cast<double>(received() - resumed_) / static_cast<double>(options_.rate_max);
  const time_point then = later(start_, duration(static_cast<std::int64_t>(due * 1e9)));
  if (then <= now) co_return;
  progress_.hold(progress::pause::limit);
  co_await sleep(then - now);
  progress_.hold(progress::pause::none);
}

void download::check_digest() {
  if (!digest_) return;
  const std::string digest = digest_->finish();
  if (digest == options_.sha256) return;
  out_.discard();
  throw failure(exit_code::other,
                failed(fmt::format(
                    "SHA-256 does not match: the file has {}{}", digest,
                    decoded_ ? " (the body was decompressed; --no-decode saves it as sent)" : "")));
}

task<> download::finish() {
  progress_.stop();
  check_digest();
  const bool saved = to_file();
  const std::uint64_t bytes = received();
  out_.finish();
  const time_point now = co_await loop_now();
  const duration took = now - start_;
  const double seconds = std::max(1e-3, static_cast<double>(took.count()) / 1e9);
  const auto rate = static_cast<std::uint64_t>(static_cast<double>(bytes - resumed_) / seconds);
  std::string line = fmt::format("{}: {} in {} ({}/s)", shown(url_), shown_size(bytes),
                                 shown_duration(took), shown_size(rate));
  if (saved) line += ", saved as " + shown(out_.path());
  if (saved && is_terminal(2))
    log_.note(line);
  else
    log_.detail(line);
  log_.event("done", {{"url", url_},
                      {"bytes", static_cast<std::int64_t>(bytes)},
                      {"file", out_.path()},
                      {"ms", std::int64_t{took / 1ms}}});
}

task<> download::show(std::string_view text) {
  log_.unpaint();
  if (!to_file()) {
    co_await out_.write(text);
    header_bytes_ += text.size();
    co_return;
  }
  output screen = co_await output::open("", {});
  co_await screen.write(text);
}

std::string download::failed(std::string_view reason) {
  std::string text = fmt::format("get {}: {}", shown(url_), reason);
  if (length_ > 0 && received() > 0)
    text += fmt::format("; received {} of {} bytes", received(), length_);
  else if (received() > 0)
    text += fmt::format("; received {}", shown_size(received()));
  if (!out_.kept().empty()) text += fmt::format(", kept in {}", shown(out_.kept()));
  return text;
}

void download::end_early(const error& e, time_point now) {
  if (!e.is(errc::cancelled)) throw error(e);
  if (options_.time.is_over(now))
    throw failure(exit_code::timed_out, failed(options_.time.reason()));
  log_.note(failed("interrupted"));
  throw error(e);
}

}  // namespace tool
