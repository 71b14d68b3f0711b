// SPDX-License-Identifier: MIT
#pragma once

/// Finds messages in a stream of bytes.

#include <bight/lease.hpp>
#include <bight/result.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bight::machinery {

/// How read_line treats a last line that has no newline.
enum class last_line : std::uint8_t {
  whole,     ///< fails with errc::cut_short: bytes may be missing
  as_it_is,  ///< returns it like any other: for files and interactive input
};

/// How to find the end of the next message, and its maximum length.
struct framing {
  enum class kind : std::uint8_t { some, exactly, until, line, prefixed };

  /// Any available bytes, 1 to `max`. `max` must not be 0 (asserted).
  [[nodiscard]] static framing some(std::size_t max);
  /// Exactly `n` bytes; 0 bytes are always available.
  [[nodiscard]] static framing exactly(std::size_t n);
  /// Up to `max` bytes before `delimiter`, which must not be empty (asserted).
  [[nodiscard]] static framing until(std::string delimiter, std::size_t max);
  /// Up to `max` bytes before "\n" or "\r\n".
  [[nodiscard]] static framing line(std::size_t max, last_line last = last_line::whole);
  /// Up to `max` bytes after a length of `prefix` bytes: 1, 2, 4 or 8 (asserted).
  [[nodiscard]] static framing prefixed(std::size_t max, std::size_t prefix);

  kind what = kind::some;
  std::uint8_t prefix = 0;
  last_line last = last_line::whole;
  std::size_t max = 0;    // for `exactly`: the count
  std::string delimiter;  // for `until`

  /// The call as shown in error messages: `read_until "\r\n"`.
  [[nodiscard]] std::string tried() const;
};

/// The stream-independent part of a reader: takes bytes as leases and returns messages.
///
/// A message inside one lease is returned without a copy; one that spans several is assembled in
/// a separate buffer. How the bytes are divided into leases affects neither messages nor errors.
class splitter {
 public:
  /// Adds received bytes. An empty lease means the end of the stream.
  void feed(lease bytes);
  /// Whether the end of the stream was received.
  [[nodiscard]] bool ended() const noexcept { return ended_; }
  /// Number of bytes received and not yet returned.
  [[nodiscard]] std::size_t buffered() const noexcept { return spilled() + front_.size(); }
  /// Copies the buffered bytes and returns their lease to the engine. Call it before waiting, so
  /// that an idle connection holds no engine buffer.
  void stash();

  /// Whether take() has a result: the message is complete, or can no longer be. Searches only the
  /// bytes received since the last call.
  [[nodiscard]] bool settled(const framing& f);
  /// Returns the message without its delimiter; std::nullopt if the stream ended between two
  /// messages and this framing allows it (`some`, `line`, `prefixed`). Call it only after settled()
  /// returned true for the same framing (asserted).
  ///
  /// errors  too_long, cut_short. No byte is consumed: the next take() may use another framing.
  [[nodiscard]] result<std::optional<lease>> take(const framing& f);

  /// Whether a call of the reader is in flight. A second call would take its bytes.
  bool in_use = false;

 private:
  enum class state : std::uint8_t { waiting, complete, too_long, cut_short, nothing };

  state look(const framing& f);
  state look_delimiter(const framing& f, std::string_view delimiter);
  state look_prefixed(const framing& f);
  void find(std::string_view delimiter);
  [[nodiscard]] std::size_t first_open(std::string_view delimiter) const;
  [[nodiscard]] bool matches(std::size_t at, std::string_view text) const;
  [[nodiscard]] char byte(std::size_t i) const noexcept;
  [[nodiscard]] std::size_t spilled() const noexcept { return spill_.size() - spill_used_; }
  [[nodiscard]] lease cut();
  [[nodiscard]] lease cut_front() noexcept;
  [[nodiscard]] lease cut_spill(std::size_t n);
  [[nodiscard]] error failure(const framing& f, state s) const;

  // Buffered bytes: spill_ from spill_used_ on, then front_.
  std::string spill_;
  std::size_t spill_used_ = 0;
  lease front_;

  // Search state for delimiter_: it does not begin before searched_.
  std::string delimiter_;
  std::size_t searched_ = 0;
  bool found_ = false;  // delimiter_ begins at searched_

  // The framing that settled() examined, for the following take(); nullptr if it must look again.
  const framing* looked_for_ = nullptr;
  state seen_ = state::waiting;

  // The message that look() found complete.
  std::size_t skip_ = 0;  // bytes before it
  std::size_t size_ = 0;
  std::size_t drop_ = 0;  // bytes after it

  std::uint64_t announced_ = 0;  // the length in the prefix
  bool ended_ = false;
};

}  // namespace bight::machinery
