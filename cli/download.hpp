// SPDX-License-Identifier: MIT
#pragma once

/// Bytes of a download on their way to the output: limit, progress, and what to say when it fails.

#include "console.hpp"
#include "output.hpp"
#include "terminal.hpp"

#include <bight/task.hpp>
#include <bight/time.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tool {

class download {
 public:
  /// what   the URL, for messages. `voice` is borrowed.
  download(std::string what, output out, std::uint64_t size_max, const console& voice)
      : what_(std::move(what)), out_(std::move(out)), size_max_(size_max), voice_(voice) {}

  /// Begins: `length` bytes will come, if anybody knows.
  ///
  /// errors  failure when that is more than the limit.
  [[nodiscard]] bight::task<> begin(std::optional<std::uint64_t> length);
  /// Stores the next bytes; borrowed until the await ends.
  ///
  /// errors  failure(cannot_write), also for binary data on a terminal; failure past the limit.
  [[nodiscard]] bight::task<> store(std::string_view bytes);
  /// All is there: names the file and says so.
  [[nodiscard]] bight::task<> finish();

  /// Text for the payload's place that is no part of the body: a header, with -i.
  [[nodiscard]] bight::task<> show(std::string_view text);

  /// `reason` with what was tried and what is kept.
  [[nodiscard]] std::string failed(std::string_view reason);

  [[nodiscard]] std::uint64_t received() const noexcept { return received_; }
  [[nodiscard]] bool to_file() const noexcept { return out_.is_file(); }

 private:
  std::string what_;
  output out_;
  std::uint64_t size_max_;
  const console& voice_;
  std::uint64_t received_ = 0;
  std::uint64_t length_ = 0;
  bight::time_point start_{};
  std::optional<progress_bar> bar_;
};

}  // namespace tool
