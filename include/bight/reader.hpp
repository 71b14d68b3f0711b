// SPDX-License-Identifier: MIT
#pragma once

/// Messages out of a byte stream: exact counts, lines, anything with a delimiter, length prefixes.

#include <bight/deadline.hpp>
#include <bight/lease.hpp>
#include <bight/task.hpp>
#include <bight/writer.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace bight {

/// Anything that bytes can be received from: a stream, standard input, a TLS session.
template <class S>
concept byte_source = requires(S& s, std::size_t max) {
  { s.recv(max).take() } -> std::same_as<result<lease>>;
};

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

namespace detail {

// How much a reader asks its source for at a time.
inline constexpr std::size_t reader_receive_max = 65536;

// Receives until the splitter has an answer. A failure of the source is ordinary: it is a value.
// Before it waits, and before it tells the end, what has been written leaves: the peer may be
// waiting for that, and who has seen the end may not read again.
template <byte_source Source>
task<result<>> receive_until_settled(Source& source, splitter& split, any_writer* tied,
                                     const framing& f) {
  for (;;) {
    const bool settled = split.settled(f);
    if (settled && !split.ended()) co_return result<>();
    if (tied != nullptr && tied->buffered() > 0 && !tied->flushing()) {
      auto flushing = attempt(tied->flush());
      auto flushed = co_await std::move(flushing);
      if (!flushed) co_return flushed.error();
    }
    if (settled) co_return result<>();
    split.stash();
    auto receiving = attempt(source.recv(reader_receive_max));
    auto bytes = co_await std::move(receiving);
    if (!bytes) co_return bytes.error();
    split.feed(*std::move(bytes));
  }
}

// What is there already waits for one turn, so that one peer with much of it holds up nobody.
[[nodiscard]] task<result<>> let_others_run();

}  // namespace detail

/// One call of a reader: a message that is there already takes neither a frame nor a wait.
template <byte_source Source, class Message>
class [[nodiscard]] read_operation : public awaits<read_operation<Source, Message>> {
 public:
  using value_type = Message;

  read_operation(Source& source, splitter& split, any_writer* tied, framing f) noexcept
      : source_(&source), split_(&split), tied_(tied), framing_(std::move(f)) {}

  std::coroutine_handle<> start(std::coroutine_handle<> h, context& c) {
    context_ = &c;
    refused_ = split_->in_use;
    if (refused_ || c.stop_requested()) return h;
    const bool flushes = tied_ != nullptr && split_->ended() && tied_->buffered() > 0;
    const bool there = split_->settled(framing_) && !flushes;
    if (there && c.sched().may_go_on()) return h;
    receiving_.emplace(there ? detail::let_others_run()
                             : detail::receive_until_settled(*source_, *split_, tied_, framing_));
    split_->in_use = true;
    return receiving_->start(h, c);
  }

  [[nodiscard]] result<Message> take() {
    if (refused_) return error(errc::busy, framing_.tried());
    if (receiving_) {
      split_->in_use = false;
      auto received = receiving_->get();
      if (!received) return failed(received.error());
    }
    // As a receive that lost a race: the bytes stay for the next call, none is lost.
    if (context_->stop_requested()) return failed(error(errc::cancelled, framing_.tried()));
    auto message = split_->take(framing_);
    if (!message) return failed(message.error());
    if constexpr (std::is_same_v<Message, lease>)
      return *message ? **std::move(message) : lease();
    else
      return *std::move(message);
  }

 private:
  [[nodiscard]] error failed(error e) noexcept {
    if (tied_ != nullptr) tied_->give_up();
    return e;
  }

  Source* source_;
  splitter* split_;
  any_writer* tied_;
  framing framing_;
  bool refused_ = false;
  context* context_ = nullptr;
  std::optional<task<result<>>> receiving_;
};

/// Reads messages from a stream. Borrows it; neither may move while a call is in flight.
///
/// A deadline or a cancellation in the middle of any of these loses no byte: what had come is kept,
/// and the same call can be made again. Every message has a maximum.
///
/// errors  those of the stream; cut_short when it ends inside a message (buffered() tells how much
///         of it is there, and recv() still gives it); too_long when a maximum is passed, before
///         more is read; busy while another call is in flight. None of them uses up a byte.
/// threads the stream's; one call at a time. Calls that find their message buffered let other tasks
///         run after some of them.
template <byte_source Source>
class reader {
 public:
  explicit reader(Source& source) noexcept : source_(&source) {}
  explicit reader(Source&&) = delete;
  /// Tied to a writer, which is borrowed too: it is flushed before each wait for the source, and
  /// before the end is told. An error of that flush comes out of the call that made it.
  reader(Source& source, any_writer& tied) noexcept : source_(&source), tied_(&tied) {}
  /// What is buffered goes along; the reader that was moved from holds nothing.
  reader(reader&& other) noexcept
      : source_(other.source_), tied_(other.tied_), split_(std::exchange(other.split_, {})) {}
  /// Drops what it had buffered.
  reader& operator=(reader&& other) noexcept {
    if (this == &other) return *this;
    source_ = other.source_;
    tied_ = other.tied_;
    split_ = std::exchange(other.split_, {});
    return *this;
  }

  /// Exactly `n` bytes.
  [[nodiscard]] auto read_exactly(std::size_t n) & { return read<lease>(framing::exactly(n)); }

  /// Everything up to `delimiter`, which is read and dropped; must not be empty (asserted).
  [[nodiscard]] auto read_until(std::string delimiter, std::size_t max = 65536) & {
    return read<lease>(framing::until(std::move(delimiter), max));
  }
  template <detail::char_array A>
  [[nodiscard]] auto read_until(A& delimiter, std::size_t max = 65536) & {
    return read_until(std::string(detail::text_of(delimiter)), max);
  }

  /// A line, without its "\n" or "\r\n"; none at the end of the stream. A last line without its
  /// newline is cut_short, unless `last` lets it pass.
  [[nodiscard]] auto read_line(std::size_t max = 65536, last_line last = last_line::whole) & {
    return read<std::optional<lease>>(framing::line(max, last));
  }

  /// A message behind its length: `prefix` bytes (1, 2, 4 or 8), most significant first. None when
  /// the stream ends between two messages.
  [[nodiscard]] auto read_message(std::size_t max = 1 << 20, std::size_t prefix = 4) & {
    return read<std::optional<lease>>(framing::prefixed(max, prefix));
  }

  /// What is there, or what comes next: as the stream's recv, after what other calls left over.
  [[nodiscard]] auto recv(std::size_t max = 65536) & { return read<lease>(framing::some(max)); }

  [[nodiscard]] std::size_t buffered() const noexcept { return split_.buffered(); }

 private:
  template <class Message>
  read_operation<Source, Message> read(framing f) noexcept {
    return {*source_, split_, tied_, std::move(f)};
  }

  Source* source_;
  any_writer* tied_ = nullptr;
  splitter split_;
};

/// The length prefix for `n` bytes as read_message expects it; send it in front of the message.
///
/// errors  too_long when `n` does not fit into `prefix` bytes (1, 2, 4 or 8, asserted).
[[nodiscard]] std::string length_prefix(std::uint64_t n, std::size_t prefix = 4);

}  // namespace bight
