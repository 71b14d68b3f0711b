// SPDX-License-Identifier: MIT
#pragma once

/// Writes a download to its output: limits, progress, digest, and the message if it fails.

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
    std::uint64_t rate_max = 0;  ///< bytes per second; 0: no limit
    time_limit time;
    std::string sha256;  ///< expected, in lower case; "": not checked
  };

  /// url    for messages. `log` is borrowed.
  download(std::string url, output out, options limits, const console& log)
      : url_(std::move(url)), out_(std::move(out)), options_(std::move(limits)), log_(log) {}

  /// Begins an attempt. `rest` is the number of bytes still to come, if known.
  ///
  /// errors  failure if the file is larger than the limit.
  [[nodiscard]] bight::task<> begin(std::optional<std::uint64_t> rest);
  /// Writes the next bytes, and waits as the rate limit requires. `bytes` is borrowed until the
  /// await ends.
  ///
  /// errors  failure(cannot_write), also for binary data on a terminal; failure above the limit.
  [[nodiscard]] bight::task<> store(std::string_view bytes);
  /// Whether the body was decompressed; a wrong digest then has another explanation.
  void decoded(bool is) noexcept { decoded_ = is; }
  /// Checks the digest of the complete file, gives it its final name, and reports it.
  ///
  /// errors  failure if the digest is wrong; the file is then removed.
  [[nodiscard]] bight::task<> finish();

  /// Writes text to the output that is not part of the body: the header, with -i.
  [[nodiscard]] bight::task<> show(std::string_view text);

  /// The message for `reason`, with the URL and the name of the .part file.
  [[nodiscard]] std::string failed(std::string_view reason);

  /// Ends the command after `e`. A cancellation means that --max-time is over, or a signal; then
  /// the .part file is reported.
  [[noreturn]] void end_early(const bight::error& e, bight::time_point now);

  /// Bytes of the body received so far, in this attempt and earlier ones.
  [[nodiscard]] std::uint64_t received() const noexcept { return out_.written() - header_bytes_; }
  [[nodiscard]] bool to_file() const noexcept { return out_.is_file(); }
  [[nodiscard]] output& out() noexcept { return out_; }
  /// The progress that is shown on a terminal (see with_live_line).
  [[nodiscard]] tool::progress& progress() noexcept { return progress_; }

 private:
  void check_digest();

  std::string url_;
  output out_;
  options options_;
  const console& log_;
  std::uint64_t header_bytes_ = 0;  // bytes of headers in the output
  std::uint64_t resumed_ = 0;       // bytes before this attempt
  std::uint64_t length_ = 0;        // of the whole file; 0 if unknown
  bight::time_point start_{};
  std::optional<bight::sha256> digest_;
  bool decoded_ = false;
  std::uint64_t digested_ = 0;  // bytes of the file that the digest covers
  tool::progress progress_;
};

}  // namespace tool
