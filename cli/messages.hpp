// SPDX-License-Identifier: MIT
#pragma once

/// The messages to send: arguments, standard input, or a file.

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

/// How messages are separated in a stream.
enum class message_format : std::uint8_t {
  chunk,   ///< whatever one receive returns: no real boundaries
  line,    ///< each ends with a newline
  length,  ///< each has its length before it: four bytes, big-endian
};
[[nodiscard]] message_format parse_message_format(std::string_view text);

/// Maximum size of a line or a framed message.
inline constexpr std::size_t message_max = 16 << 20;
/// Maximum payload of a datagram over IPv4: 65535 minus the IP and UDP headers.
inline constexpr std::size_t datagram_max = 65507;

/// Encodes `message` for a stream.
[[nodiscard]] std::string framed(message_format how, std::string_view message);

/// A sequence of messages.
class message_source {
 public:
  /// The arguments, repeated `count` times.
  message_source(std::vector<std::string> messages, std::uint64_t count)
      : messages_(std::move(messages)), left_(messages_.size() * count) {}

  /// Standard input, or `file` if not empty.
  ///
  /// lines  each line is a message, without its newline; otherwise each read is, up to `max` bytes.
  /// hex    each line is a message in hexadecimal.
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

  /// Whether these are separate messages, each with a reply, rather than a stream of bytes.
  [[nodiscard]] bool has_messages() const noexcept { return !input_ || from_.lines || from_.hex; }
  /// Whether the messages are arguments, which can be sent again.
  [[nodiscard]] bool is_fixed() const noexcept { return !input_; }
  /// Whether next() will certainly return none.
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

/// Reads replies from a stream.
class reply_reader {
 public:
  reply_reader(bight::stream& from, message_format how) : how_(how), reader_(from) {}

  /// The next reply, as printed: a line includes its newline. Empty at the end of the stream. An
  /// incomplete last line is returned; the next call then fails.
  [[nodiscard]] bight::task<std::string> next();

 private:
  message_format how_;
  bight::reader<bight::stream> reader_;
  std::optional<bight::error> cut_short_;
};

}  // namespace tool
