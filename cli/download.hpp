// SPDX-License-Identifier: MIT
#pragma once

/// Bytes of a download on their way to the output: limits, progress, digest, and what to say when
/// it fails.

#include "console.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "time_limit.hpp"

#include <bight/sha256.hpp>
#include <bight/task.hpp>
#include <bight/time.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tool {

class download {
 public:
  struct options {
    std::uint64_t size_max = std::uint64_t{1} << 40;
    std::uint64_t rate_max = 0;  ///< bytes a second; 0: any
    time_limit time;
    std::string sha256;  ///< what the whole must have, in lower case; "": anything
  };

  /// what   the URL, for messages. `voice` is borrowed.
  download(std::string what, output out, options how, const console& voice)
      : what_(std::move(what)), out_(std::move(out)), how_(std::move(how)), voice_(voice) {}

  /// Begins, also again after a failure: `rest` bytes come behind those that are there, if that is
  /// known.
  ///
  /// errors  failure when that is more than the limit.
  [[nodiscard]] bight::task<> begin(std::optional<std::uint64_t> rest);
  /// Stores the next bytes, and waits when they come faster than they may; borrowed until the await
  /// ends.
  ///
  /// errors  failure(cannot_write), also for binary data on a terminal; failure past the limit.
  [[nodiscard]] bight::task<> store(std::string_view bytes);
  /// Says whether what is stored was decoded, which a digest is not of.
  void decoded(bool is) noexcept { decoded_ = is; }
  /// All is there: checks the digest, names the file and says so.
  ///
  /// errors  failure when it is another: then the file gets no name, and what is there is removed.
  [[nodiscard]] bight::task<> finish();

  /// Text for the payload's place that is no part of the body: a header, with -i.
  [[nodiscard]] bight::task<> show(std::string_view text);

  /// `reason` with what was tried and what is kept.
  [[nodiscard]] std::string failed(std::string_view reason);

  /// Ends the command for `e`: a cancellation is the end of --max-time, or a signal, which is no
  /// error; but what is kept is news.
  [[noreturn]] void end_early(const bight::error& e, bight::time_point now);

  /// Bytes of the body that are there, of this try or an earlier one.
  [[nodiscard]] std::uint64_t received() const noexcept { return out_.written() - shown_; }
  [[nodiscard]] bool to_file() const noexcept { return out_.is_file(); }
  [[nodiscard]] output& out() noexcept { return out_; }
  /// What a person sees of it meanwhile (see watched).
  [[nodiscard]] tool::progress& progress() noexcept { return progress_; }

 private:
  void check_digest();

  std::string what_;
  output out_;
  options how_;
  const console& voice_;
  std::uint64_t shown_ = 0;   // bytes of headers in the output
  std::uint64_t had_ = 0;     // before this try
  std::uint64_t length_ = 0;  // of the whole, or 0
  bight::time_point start_{};
  std::optional<bight::sha256> digest_;
  bool decoded_ = false;
  std::uint64_t digested_ = 0;  // bytes of the file that are in the digest
  tool::progress progress_;
};

}  // namespace tool
