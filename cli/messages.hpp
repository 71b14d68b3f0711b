// SPDX-License-Identifier: MIT
#pragma once

/// What is to be sent: arguments, or standard input, or a file, cut into messages.

#include <bight/reader.hpp>
#include <bight/stdio.hpp>
#include <bight/stream.hpp>
#include <bight/task.hpp>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tool {

/// How messages are told apart in a stream, which has none of its own.
enum class framing : std::uint8_t {
  chunk,   ///< whatever one receive gives: a guess
  line,    ///< each ends with a newline
  length,  ///< each has its length in front: four bytes, most significant first
};
[[nodiscard]] framing parse_framing(std::string_view text);

/// A line or a framed message longer than this is refused.
inline constexpr std::size_t message_max = 16 << 20;
/// What one datagram can carry over IPv4: 65535 less the headers of IP and UDP.
inline constexpr std::size_t datagram_max = 65507;

/// `message` as it goes into a stream.
[[nodiscard]] std::string framed(framing how, std::string_view message);

/// Messages one after the other.
class message_source {
 public:
  /// The arguments, `count` times over.
  message_source(std::vector<std::string> messages, std::uint64_t count)
      : messages_(std::move(messages)), left_(messages_.size() * count) {}

  /// Bytes of standard input, or of `file` when it is not empty.
  ///
  /// lines  each line is a message, without its newline; else whatever a read gives, `max` bytes at
  ///        most.
  /// hex    each line holds hexadecimal digits, and the message is the bytes they stand for.
  struct input {
    std::string file;
    bool lines = false;
    bool hex = false;
    std::size_t max = 65536;
  };
  [[nodiscard]] static bight::task<std::unique_ptr<message_source>> from_input(input from);

  message_source(const message_source&) = delete;
  message_source& operator=(const message_source&) = delete;

  /// The next message; none at the end.
  [[nodiscard]] bight::task<std::optional<std::string>> next();

  /// Whether these are messages to take turns with, rather than a stream of bytes.
  [[nodiscard]] bool has_messages() const noexcept { return !input_ || from_.lines || from_.hex; }
  /// Whether all of them are known from the start, and can be sent a second time.
  [[nodiscard]] bool is_fixed() const noexcept { return !input_; }
  /// Whether next() would surely give none.
  [[nodiscard]] bool is_over() const noexcept { return !input_ && left_ == 0; }

 private:
  struct closer {
    void operator()(std::FILE* f) const noexcept { std::fclose(f); }
  };

  std::vector<std::string> messages_;
  std::uint64_t left_ = 0;
  std::size_t at_ = 0;

  input from_;
  std::unique_ptr<std::FILE, closer> file_;
  std::optional<bight::stdio> input_;
  std::optional<bight::reader<bight::stdio>> reader_;
};

/// Replies out of a stream.
class reply_reader {
 public:
  reply_reader(bight::stream& from, framing how) : how_(how), reader_(from) {}

  /// The next reply, as it is shown: a line has its newline again. Empty at the end of the stream.
  /// A line that the end has cut off is shown as far as it came; the next call fails.
  [[nodiscard]] bight::task<std::string> next();

 private:
  framing how_;
  bight::reader<bight::stream> reader_;
  std::optional<bight::error> cut_short_;
};

}  // namespace tool
