// SPDX-License-Identifier: MIT
#pragma once

/// How messages are found in a stream of bytes.

#include <bight/lease.hpp>
#include <bight/result.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bight::machinery {

/// What read_line makes of a last line that the end of the stream has cut off.
enum class last_line : std::uint8_t {
  whole,     ///< a failure, errc::cut_short: nobody knows what is missing
  as_it_is,  ///< a line like any other: for files and for what people type
};

/// How the next message is told from the bytes that follow it, and how long it may be.
struct framing {
  enum class kind : std::uint8_t { some, exactly, until, line, prefixed };

  /// Whatever is there, 1 to `max` bytes. `max` must not be 0 (asserted).
  [[nodiscard]] static framing some(std::size_t max);
  /// Exactly `n` bytes; 0 are there at once.
  [[nodiscard]] static framing exactly(std::size_t n);
  /// Up to `max` bytes before `delimiter`, which must not be empty (asserted).
  [[nodiscard]] static framing until(std::string delimiter, std::size_t max);
  /// Up to `max` bytes before "\n" or "\r\n".
  [[nodiscard]] static framing line(std::size_t max, last_line last = last_line::whole);
  /// Up to `max` bytes behind their count, of `prefix` bytes: 1, 2, 4 or 8 (asserted).
  [[nodiscard]] static framing prefixed(std::size_t max, std::size_t prefix);

  kind what = kind::some;
  std::uint8_t prefix = 0;
  last_line last = last_line::whole;
  std::size_t max = 0;    // for `exactly`: the count
  std::string delimiter;  // for `until`

  /// The call as messages name it: `read_until "\r\n"`.
  [[nodiscard]] std::string tried() const;
};

/// The part of a reader that knows no stream: bytes come in as leases and go out as messages.
///
/// A message that lies in one lease is handed out without a copy; one that is spread over several
/// is put together in a buffer of its own. What is handed out, and which error is given, does not
/// depend on how the bytes were cut into leases.
class splitter {
 public:
  /// Adds what a receive gave. An empty lease means the end of the stream.
  void feed(lease bytes);
  /// Whether the end of the stream has come.
  [[nodiscard]] bool ended() const noexcept { return ended_; }
  /// Bytes that are held and not yet handed out.
  [[nodiscard]] std::size_t buffered() const noexcept { return spilled() + front_.size(); }
  /// Copies what is held out of the lease that it came in, which goes back to its engine. To be
  /// called before waiting, so that an idle connection holds no buffer of the engine's.
  void stash();

  /// Whether take() has an answer: the message is there, or cannot come any more. Only bytes that
  /// came since the last call are searched.
  [[nodiscard]] bool settled(const framing& f);
  /// The message, without what delimits it; none when the stream ended between two messages, where
  /// that is not an error (`some`, `line`, `prefixed`). Call it once settled() has said so of the
  /// same framing (asserted).
  ///
  /// errors  too_long, cut_short. No byte is used up then: the next take() may be another
  /// framing's.
  [[nodiscard]] result<std::optional<lease>> take(const framing& f);

  /// Whether a call of the reader is in flight, which a second one would overtake.
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

  // What is held: spill_ from spill_used_ on, then front_.
  std::string spill_;
  std::size_t spill_used_ = 0;
  lease front_;

  // What is known of it, for the searched delimiter: nothing of it begins before searched_.
  std::string delimiter_;
  std::size_t searched_ = 0;
  bool found_ = false;  // it begins at searched_

  // What settled() has seen, for the take() that follows: nullptr when that may have changed.
  const framing* looked_for_ = nullptr;
  state seen_ = state::waiting;

  // Of the message that look() found complete.
  std::size_t skip_ = 0;  // bytes in front of it
  std::size_t size_ = 0;
  std::size_t drop_ = 0;  // bytes behind it

  std::uint64_t announced_ = 0;  // by the length prefix
  bool ended_ = false;
};

}  // namespace bight::machinery
